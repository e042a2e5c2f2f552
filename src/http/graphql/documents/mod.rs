//! Resolution of the document of a request: by reference or text, through guard and parser, or from the cache.

mod absent;
pub mod allow_list;
pub mod cache;
mod conditions;
mod conflicts;
pub mod cost;
mod merge;
pub mod persisted;
pub mod reference;
mod size;

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
use async_graphql::registry::Registry;
use async_graphql::{Name, ServerError, Variables};

use self::cost::Cost;
use self::reference::DocumentReference;
use super::endpoint::GraphqlEndpoint;
use super::errors;
use super::errors::{code, request_error, with_code};
use super::guard;
use super::inputs::InputTypes;
use super::parse_errors;
use super::query_text;
use super::query_text::{TextError, relocate};
use super::request_error::RequestError;
use crate::http::auth::authenticator::Authenticator;
use crate::http::error::HttpError;

/// Message for client developers if introspection is disabled.
pub const SCHEMA_IS_HIDDEN: &str = "Introspection is disabled on this server. Take schema.graphql from the \
    repository, print it with `newbee schema`, or ask the operator of this server to set NEWBEE_INTROSPECTION=on.";

/// A document ready for execution.
pub struct Document {
    /// The text as sent; locations of errors refer to it.
    pub text: Arc<str>,
    /// Its tokens, which are the cache key; locations in `checked` refer to them.
    pub tokens: String,
    pub checked: Arc<CheckedDocument>,
    /// The document as sent, if it is not yet validated.
    pub unvalidated: Option<ExecutableDocument>,
}

impl Document {
    /// Maps the locations of errors to the text as sent.
    pub fn relocate(&self, errors: &mut [ServerError]) {
        relocate(errors, &self.text);
    }
}

/// A document that passed the guard, with fragments expanded and equal selections merged.
#[derive(Clone, Debug)]
pub struct CheckedDocument {
    pub merged: ExecutableDocument,
    /// Cost per operation name.
    costs: Vec<(Option<Name>, Cost)>,
    /// True if selections depend on variables.
    has_conditions: bool,
    /// Estimated memory use of a compact copy, without the text of long names.
    bytes: usize,
}

impl CheckedDocument {
    fn new(parsed: ExecutableDocument, registry: &Registry) -> Self {
        let merged = merge::merged(registry, parsed);
        let operations = merged.operations.iter();
        let costs = operations.map(|(name, operation)| (name.cloned(), Cost::of(registry, &merged, &operation.node)));
        let mut operations = merged.operations.iter();
        Self {
            costs: costs.collect(),
            has_conditions: operations
                .any(|(_, operation)| conditions::has_directives(&operation.node.selection_set.node)),
            bytes: size::bytes(&merged),
            merged,
        }
    }

    /// Returns a copy for the cache, without the room that parsing and merging have left in its lists.
    fn compact(&self) -> Arc<Self> {
        Arc::new(self.clone())
    }

    /// Returns the estimated memory use of a compact copy and of its key, in bytes.
    fn weight(&self, tokens: &str) -> usize {
        // The tokens as a key, and the names of the document, which are among them.
        2 * tokens.len() + self.bytes
    }

    /// Returns a copy for the execution of one operation with variables: without the other operations, the selections
    /// that the variables exclude, and the arguments without a value.
    pub fn for_execution(
        &self,
        registry: &Registry,
        operation: Option<&str>,
        variables: &Variables,
    ) -> ExecutableDocument {
        let mut operations = match (&self.merged.operations, operation) {
            (DocumentOperations::Multiple(all), Some(name)) => {
                let chosen = all
                    .get_key_value(name)
                    .map(|(name, chosen)| (name.clone(), chosen.clone()));
                DocumentOperations::Multiple(chosen.into_iter().collect())
            }
            (only, _) => only.clone(),
        };
        let chosen = match &mut operations {
            DocumentOperations::Single(only) => Some(only),
            DocumentOperations::Multiple(named) => named.values_mut().next(),
        };
        if let Some(chosen) = chosen {
            absent::omit(&mut chosen.node, variables);
            if self.has_conditions {
                conditions::decide(&mut chosen.node, variables);
            }
        }
        let document = ExecutableDocument {
            operations,
            fragments: HashMap::new(),
        };
        if self.has_conditions {
            // Selections that differed only by their conditions are now equal.
            return merge::merged(registry, document);
        }
        document
    }

    /// Returns the estimated cost of the operation with this name, or of the unnamed operation.
    pub fn cost(&self, operation: Option<&str>) -> Cost {
        let mut costs = self.costs.iter();
        let found = costs.find(|(name, _)| name.as_deref() == operation);
        found.map(|(_, cost)| *cost).unwrap_or_default()
    }
}

/// Returns the document that a request refers to.
///
/// # Errors
/// [`RequestError`] if the reference cannot be resolved, or the document is rejected by the guard, the parser or the
/// input checks.
pub fn find<A: Authenticator>(
    endpoint: &GraphqlEndpoint<A>,
    reference: DocumentReference,
) -> Result<Document, RequestError> {
    let resolved = endpoint.persisted.resolve(reference)?;
    let tokens = reduce(&resolved.text)?;
    let (checked, unvalidated) = match endpoint.documents.get(&tokens) {
        Some(known) => (known, None),
        None => {
            let parsed = check_for(endpoint, &resolved.text, &tokens)?;
            let registry = endpoint.executor.input_types().registry();
            let checked = CheckedDocument::new(parsed.clone(), registry);
            refuse_invalid(&resolved.text, conflicts::conflicts(registry, &checked.merged))?;
            (Arc::new(checked), Some(parsed))
        }
    };
    endpoint.persisted.keep(&resolved);
    Ok(Document {
        text: resolved.text,
        tokens,
        checked,
        unvalidated,
    })
}

/// Parses and checks a document that is not cached. Rejects introspection if the endpoint disables it.
fn check_for<A: Authenticator>(
    endpoint: &GraphqlEndpoint<A>,
    text: &str,
    tokens: &str,
) -> Result<ExecutableDocument, RequestError> {
    let parsed = parse_tokens(text, tokens)?;
    if !endpoint.introspection && guard::asks_for_the_schema(&parsed) {
        return Err(errors::introspection_is_off(SCHEMA_IS_HIDDEN).into());
    }
    check_inputs(endpoint.executor.input_types(), text, &parsed)?;
    Ok(parsed)
}

/// Parses a text between the two halves of the guard, and checks its literals and variables.
///
/// # Errors
/// [`RequestError`] if the document cannot be executed with any variable values.
pub fn parse(types: &InputTypes, text: &str) -> Result<ExecutableDocument, RequestError> {
    let parsed = parse_tokens(text, &reduce(text)?)?;
    check_inputs(types, text, &parsed)?;
    let merged = merge::merged(types.registry(), parsed.clone());
    refuse_invalid(text, conflicts::conflicts(types.registry(), &merged))?;
    Ok(parsed)
}

/// Returns the tokens of a text within the limits.
fn reduce(text: &str) -> Result<String, RequestError> {
    query_text::normalise(text).map_err(|error| match error {
        TextError::Refused(refused) => HttpError::bad_request(refused.to_string()).into(),
        TextError::Syntax(error) => relocated(text, [parse_errors::tidy(error)]),
    })
}

fn parse_tokens(text: &str, tokens: &str) -> Result<ExecutableDocument, RequestError> {
    let parsed = parse_query(tokens).map_err(|error| relocated(text, [parse_errors::tidy(error)]))?;
    guard::check_document(&parsed).map_err(|refused| request_error(code::VALIDATION_FAILED, refused.to_string()))?;
    // Of repeated fields, the parser keeps only the last.
    let repeated = query_text::repeated_fields(tokens).into_iter();
    let errors = repeated.map(|(name, position)| {
        let message = format!("There can be only one input field named \"{name}\".");
        ServerError::new(message, Some(position))
    });
    refuse_invalid(text, errors.collect())?;
    Ok(parsed)
}

/// Rejects a document if there are errors, which are located in its tokens.
fn refuse_invalid(text: &str, errors: Vec<ServerError>) -> Result<(), RequestError> {
    if errors.is_empty() {
        return Ok(());
    }
    let errors = errors.into_iter();
    let errors: Vec<_> = errors.map(|error| with_code(error, code::VALIDATION_FAILED)).collect();
    Err(relocated(text, errors))
}

/// Maps the locations of errors from the tokens to the text.
fn relocated(text: &str, errors: impl Into<Vec<ServerError>>) -> RequestError {
    let mut errors = errors.into();
    relocate(&mut errors, text);
    RequestError::Errors(errors)
}

fn check_inputs(types: &InputTypes, text: &str, parsed: &ExecutableDocument) -> Result<(), RequestError> {
    refuse_invalid(text, types.check_document(parsed).err().unwrap_or_default())
}
