//! List of the only operations that an endpoint executes. It is checked against the schema at startup.

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

/// Prefix that an ID may have, in the list or in a request, if it is a SHA-256 hash.
const HASH_PREFIX: &str = "sha256:";

/// Documents by ID and by exact text.
#[derive(Debug)]
pub struct AllowedOperations {
    by_id: HashMap<Box<str>, Arc<str>>,
    texts: HashSet<Arc<str>>,
}

impl AllowedOperations {
    /// Validates each operation like a request: guard, parser, strict validation, depth and complexity limits. Executes
    /// nothing.
    ///
    /// # Errors
    /// One line per invalid operation, with its file and ID.
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
        match self
            .by_id
            .insert(without_prefix(&operation.id).into(), Arc::clone(&text))
        {
            Some(other) if other != text => {
                Err("another operation in the list has the same ID but a different text".to_owned())
            }
            _ => {
                self.texts.insert(text);
                Ok(())
            }
        }
    }

    /// Returns the number of distinct texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Returns true if the list is empty.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Returns the allowed text that a reference names. The IDs of a request are used only if it has no text, because a
    /// client that received `PERSISTED_QUERY_NOT_FOUND` sends both and must get a different error, or it would retry
    /// endlessly.
    ///
    /// # Errors
    /// An `errors` entry if the operation is not in the list, or the ID is unknown.
    pub fn find(&self, reference: &DocumentReference) -> Result<Arc<str>, ServerError> {
        if let Some(text) = &reference.text {
            return self.texts.get(text.as_str()).cloned().ok_or_else(|| {
                request_error(
                    code::OPERATION_NOT_ALLOWED,
                    "This server executes only the operations on its allow list, and this one is not on it. Send the \
                     operation ID from the client build, and make sure that the list of this server is from that build \
                     or a newer one.",
                )
            });
        }
        let id = reference.document_id.as_ref().or(reference.hash.as_ref());
        let found = id.and_then(|id| self.by_id.get(without_prefix(id)));
        found.cloned().ok_or_else(persisted::not_found)
    }
}

fn without_prefix(id: &str) -> &str {
    id.strip_prefix(HASH_PREFIX).unwrap_or(id)
}

/// Returns the problem of a document, if it is invalid.
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
