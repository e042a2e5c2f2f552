//! The operations that a endpoint executes when it is to execute no others, checked against the schema when the process starts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
use async_graphql::{ObjectType, Request, Schema, SchemaBuilder, ServerError, SubscriptionType};

use super::persisted;
use super::reference::DocumentReference;
use crate::config::ListedOperation;
use crate::http::graphql::documents;
use crate::http::graphql::errors::{code, request_error};
use crate::http::graphql::executor;
use crate::http::graphql::inputs::InputTypes;
use crate::http::graphql::request_error::RequestError;

/// The ids that hash functions of this name made may bear it, in the list or in a request.
const HASH_PREFIX: &str = "sha256:";

/// Documents by id, and by their exact text.
#[derive(Debug)]
pub struct AllowedOperations {
    by_id: HashMap<Box<str>, Arc<str>>,
    texts: HashSet<Arc<str>>,
}

impl AllowedOperations {
    /// Checks each as a request would be: guard, parser, strict validation, limits of depth and complexity. Nothing is
    /// executed.
    ///
    /// # Errors
    /// One line for each that is wrong, with its file and its id.
    pub async fn check<Query, Mutation, Subscription>(
        listed: &[ListedOperation],
        schema: SchemaBuilder<Query, Mutation, Subscription>,
    ) -> Result<Self, Vec<String>>
    where
        Query: ObjectType + 'static,
        Mutation: ObjectType + 'static,
        Subscription: SubscriptionType + 'static,
    {
        let schema = executor::only_validating(schema).finish();
        let types = InputTypes::of::<Query, Mutation, Subscription>();
        let mut list = Self {
            by_id: HashMap::new(),
            texts: HashSet::new(),
        };
        let mut problems = Vec::new();
        for operation in listed {
            let wrong = match problem_of(&schema, &types, &operation.text).await {
                None => list.add(operation).err(),
                some => some,
            };
            if let Some(wrong) = wrong {
                problems.push(format!("{}: {}: {wrong}", operation.file.display(), operation.id));
            }
        }
        if problems.is_empty() { Ok(list) } else { Err(problems) }
    }

    fn add(&mut self, operation: &ListedOperation) -> Result<(), String> {
        let text: Arc<str> = operation.text.as_str().into();
        match self.by_id.insert(plain(&operation.id).into(), Arc::clone(&text)) {
            Some(other) if other != text => Err("the same id stands for another text elsewhere in the list".to_owned()),
            _ => {
                self.texts.insert(text);
                Ok(())
            }
        }
    }

    /// How many different texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether nothing at all is allowed.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The text that is meant, if it is allowed. What a text is called counts only where there is no text: a client that
    /// was told `PERSISTED_QUERY_NOT_FOUND` sends both, and gets another answer, so it does not ask for ever.
    pub fn find(&self, reference: &DocumentReference) -> Result<Arc<str>, ServerError> {
        if let Some(text) = &reference.text {
            return self.texts.get(text.as_str()).cloned().ok_or_else(|| {
                request_error(
                    code::OPERATION_NOT_ALLOWED,
                    "This server executes only the operations of its list, by id or by exact text, and this is none of \
                     them. Send the id that the build of the client gave the operation, and see that the list of this \
                     server is of that build or newer.",
                )
            });
        }
        let id = reference.document_id.as_ref().or(reference.hash.as_ref());
        let found = id.and_then(|id| self.by_id.get(plain(id)));
        found.cloned().ok_or_else(persisted::not_found)
    }
}

fn plain(id: &str) -> &str {
    id.strip_prefix(HASH_PREFIX).unwrap_or(id)
}

/// What is wrong with a document, if anything is.
async fn problem_of<Query, Mutation, Subscription>(
    schema: &Schema<Query, Mutation, Subscription>,
    types: &InputTypes,
    text: &str,
) -> Option<String>
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    let document = match documents::parse(types, text) {
        Ok(document) => document,
        Err(RequestError::Errors(errors)) => {
            let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
            return Some(messages.join("; "));
        }
        Err(RequestError::HttpError(refusal)) => return Some(refusal.in_english().into_owned()),
    };
    for name in operation_names(&document) {
        let mut request = Request::new(text);
        request.operation_name = name;
        request.set_parsed_query(ExecutableDocument::clone(&document));
        let errors = executor::validate(schema, request).await;
        if !errors.is_empty() {
            let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
            return Some(messages.join("; "));
        }
    }
    None
}

fn operation_names(document: &ExecutableDocument) -> Vec<Option<String>> {
    match &document.operations {
        DocumentOperations::Single(_) => vec![None],
        DocumentOperations::Multiple(operations) => operations.keys().map(|name| Some(name.to_string())).collect(),
    }
}
