//! Parsed documents, kept so that a text which many clients send is parsed and validated once.
//!
//! Only documents that strict validation has accepted may come in: executed with the fast validation, a document that was
//! merely parsed would answer an unknown field with null. A reply without any error is the proof of that. Mutations stay
//! out, and so do documents of several operations, since validation looks at the variables of the chosen one alone.

use std::sync::Arc;

use async_graphql::Response;
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Bytes of query text kept; a parsed document takes some ten times its text.
const MOST_TEXT_BYTES: u64 = 4 * 1024 * 1024;
const EXPECTED_DOCUMENTS: usize = 1_000;

/// The documents known to be valid, by their exact text.
pub(super) struct DocumentCache {
    documents: Cache<Box<str>, Arc<ExecutableDocument>, TextLength>,
}

impl DocumentCache {
    pub(super) fn new() -> Self {
        Self {
            documents: Cache::with_weighter(EXPECTED_DOCUMENTS, MOST_TEXT_BYTES, TextLength),
        }
    }

    /// The document of this very text, if it is known to be valid.
    pub(super) fn get(&self, text: &str) -> Option<Arc<ExecutableDocument>> {
        self.documents.get(text)
    }

    /// Keeps a document after the strict executor has answered it, if that answer proves it valid.
    pub(super) fn remember(&self, text: &str, document: &Arc<ExecutableDocument>, strict_answer: &Response) {
        if strict_answer.is_ok() && is_one_query(document) {
            self.documents.insert(text.into(), Arc::clone(document));
        }
    }
}

fn is_one_query(document: &ExecutableDocument) -> bool {
    let mut operations = document.operations.iter();
    matches!(
        (operations.next(), operations.next()),
        (Some((_, only)), None) if only.node.ty == OperationType::Query
    )
}

#[derive(Clone)]
struct TextLength;

impl Weighter<Box<str>, Arc<ExecutableDocument>> for TextLength {
    fn weight(&self, text: &Box<str>, _document: &Arc<ExecutableDocument>) -> u64 {
        text.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use async_graphql::{ServerError, Value};

    fn kept_after(text: &str, answer: &Response) -> bool {
        let cache = DocumentCache::new();
        cache.remember(text, &Arc::new(parse_query(text).unwrap()), answer);
        cache.get(text).is_some()
    }

    #[test]
    fn a_query_that_was_answered_without_error_is_kept() {
        assert!(kept_after("query Q { a }", &Response::new(Value::Null)));
    }

    #[test]
    fn a_query_with_any_error_is_not() {
        let unknown_field = Response::from_errors(vec![ServerError::new("Unknown field \"a\"", None)]);
        assert!(!kept_after("{ a }", &unknown_field));
    }

    #[test]
    fn mutations_and_several_operations_are_not() {
        assert!(!kept_after("mutation { a }", &Response::new(Value::Null)));
        assert!(!kept_after("query A { a } query B { a }", &Response::new(Value::Null)));
    }

    #[test]
    fn the_cache_is_bounded() {
        let cache = DocumentCache::new();
        let document = Arc::new(parse_query("{ a }").unwrap());
        for number in 0..2_000 {
            let text = format!("{{ a }} #{number}{}", "x".repeat(10_000));
            cache.remember(&text, &document, &Response::new(Value::Null));
        }
        assert!(cache.documents.weight() <= MOST_TEXT_BYTES);
    }
}
