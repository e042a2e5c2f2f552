//! Cache of parsed and validated documents, keyed by their tokens.
//!
//! Only documents accepted by strict validation are cached: fast validation would answer an unknown field of any other
//! document with null. Documents with several operations are not cached, because validation checks only the variables
//! of the selected one.
//!
//! A document is cached when it is seen for the second time. Texts sent only once take no memory beyond a fingerprint
//! in a table of fixed size, and evict nothing.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::CheckedDocument;

/// Maximum total size of all documents, in bytes as estimated by [`super::size`].
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Maximum number of documents.
const MAX_DOCUMENTS: u64 = 4_096;
const EXPECTED_DOCUMENTS: usize = 1_000;
/// Number of shards. A shard rejects entries larger than its share of the capacity, so there are few.
const SHARDS: usize = 4;
/// Share of the capacity for documents found more than once. The rest is for new ones, so that a large one fits.
const HOT_PART: f64 = 0.5;
/// Number of fingerprints of documents seen once.
const FINGERPRINTS: usize = 8_192;

/// Documents known to be valid.
pub struct DocumentCache {
    documents: Cache<Box<str>, Arc<CheckedDocument>, Size>,
    seen: Seen,
}

impl DocumentCache {
    pub fn new() -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(EXPECTED_DOCUMENTS)
            .weight_capacity(MAX_BYTES)
            .shards(SHARDS)
            .hot_allocation(HOT_PART)
            .build()
            .expect("all required options are set");
        Self {
            documents: Cache::with_options(
                options,
                Size,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            seen: Seen::new(),
        }
    }

    /// Returns the document with these tokens, if it is known to be valid.
    pub fn get(&self, tokens: &str) -> Option<Arc<CheckedDocument>> {
        self.documents.get(tokens)
    }

    /// Caches a document that strict validation has accepted, if it was seen before.
    pub fn remember(&self, tokens: &str, document: &CheckedDocument) {
        if document.merged.operations.iter().count() == 1 && self.seen.before(tokens) {
            self.documents.insert(tokens.into(), document.compact());
        }
    }
}

#[derive(Clone)]
struct Size;

impl Weighter<Box<str>, Arc<CheckedDocument>> for Size {
    fn weight(&self, tokens: &Box<str>, document: &Arc<CheckedDocument>) -> u64 {
        let bytes = document.weight(tokens) as u64;
        bytes.max(MAX_BYTES / MAX_DOCUMENTS)
    }
}

/// Table of fingerprints. Fingerprints share slots; the latest one replaces the previous one.
struct Seen {
    fingerprints: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Seen {
    fn new() -> Self {
        Self {
            fingerprints: (0..FINGERPRINTS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Returns true if these tokens are remembered from an earlier request, and remembers them.
    fn before(&self, tokens: &str) -> bool {
        let fingerprint = self.hasher.hash_one(tokens);
        let place = &self.fingerprints[fingerprint as usize % FINGERPRINTS];
        place.swap(fingerprint, Ordering::Relaxed) == fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::graphql::query_text::normalise;
    use async_graphql::parser::parse_query;

    fn document(text: &str) -> (String, Arc<CheckedDocument>) {
        let tokens = normalise(text).unwrap();
        let parsed = parse_query(&tokens).unwrap();
        (tokens, Arc::new(CheckedDocument::new(parsed, &Default::default())))
    }

    fn send(cache: &DocumentCache, text: &str) -> bool {
        let (tokens, document) = document(text);
        cache.remember(&tokens, &document);
        cache.get(&tokens).is_some()
    }

    #[test]
    fn a_document_that_was_valid_twice_is_cached() {
        let cache = DocumentCache::new();
        for operation in ["query", "mutation", "subscription"] {
            assert!(!send(&cache, &format!("{operation} O {{ a }}")));
            assert!(send(&cache, &format!("{operation} O {{\n  a, }}")));
        }
    }

    #[test]
    fn documents_with_several_operations_are_not_cached() {
        let cache = DocumentCache::new();
        for _ in 0..3 {
            assert!(!send(&cache, "query A { a } query B { a }"));
        }
    }

    #[test]
    fn variants_in_whitespace_are_one_entry() {
        let cache = DocumentCache::new();
        for number in 0..5_000_usize {
            let blanks = " ,\t\n".repeat(number % 97);
            let text = format!("{{{blanks}me{{{}id}}}} # {number}", ",".repeat(number % 89));
            send(&cache, &text);
        }
        assert_eq!(cache.documents.len(), 1);
    }

    #[test]
    fn documents_seen_once_are_not_cached() {
        let cache = DocumentCache::new();
        for _ in 0..2 {
            send(&cache, "{ useful }");
        }
        for number in 0..20_000 {
            send(&cache, &format!("{{ a{number} }}"));
        }
        assert!(cache.documents.len() < 10, "{} are kept", cache.documents.len());
        assert!(cache.get(&normalise("{ useful }").unwrap()).is_some());
    }

    #[test]
    fn the_cache_is_bounded_in_documents_and_in_bytes() {
        let cache = DocumentCache::new();
        for number in 0..6_000 {
            for _ in 0..2 {
                send(&cache, &format!("{{ a{number} }}"));
            }
        }
        assert!(
            cache.documents.len() as u64 <= MAX_DOCUMENTS,
            "{}",
            cache.documents.len()
        );
        let fields = "b { c } ".repeat(200);
        for number in 0..500 {
            for _ in 0..2 {
                send(&cache, &format!("{{ a{number} {{ {fields} }} }}"));
            }
        }
        assert!(cache.documents.weight() <= MAX_BYTES);
        let last = normalise(&format!("{{ a499 {{ {fields} }} }}")).unwrap();
        assert!(cache.get(&last).is_some(), "large documents find room");
    }
}
