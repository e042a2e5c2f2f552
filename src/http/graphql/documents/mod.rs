//! From what a request says of its document to the parsed document: named or sent, guarded, parsed, or known from before.

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

/// What developers of clients are told where introspection is off.
pub const SCHEMA_IS_HIDDEN: &str = "The schema is not shown here: introspection is off. Take schema.graphql from the \
    repository, print it by `newbee schema`, or ask those who run this server to set NEWBEE_INTROSPECTION=on.";

/// A document that may be executed.
pub struct Document {
    /// As the client sent it: locations of errors refer to it.
    pub text: Arc<str>,
    /// Its tokens, by which it is cached; locations in `checked` refer to them.
    pub tokens: String,
    pub checked: Arc<CheckedDocument>,
    /// The document as it was sent, if it is still to be validated.
    pub unvalidated: Option<ExecutableDocument>,
}

impl Document {
    /// Makes the locations of errors those of the text that was sent.
    pub fn relocate(&self, errors: &mut [ServerError]) {
        relocate(errors, &self.text);
    }
}

/// A document that passed the guard, with fragments put in place and equal selections merged.
#[derive(Debug)]
pub struct CheckedDocument {
    pub merged: ExecutableDocument,
    /// By the name of the operation.
    costs: Vec<(Option<Name>, Cost)>,
    /// Whether selections depend on variables.
    has_conditions: bool,
    /// The memory that it takes.
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

    /// Returns a copy for the execution of one operation with variables: without the other operations, the selections that
    /// the variables exclude, and the inputs that they leave out.
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
            // What differed by its conditions alone is equal now.
            return merge::merged(registry, document);
        }
        document
    }

    /// The estimate for the operation of a name, or the one without.
    pub fn cost(&self, operation: Option<&str>) -> Cost {
        let mut costs = self.costs.iter();
        let found = costs.find(|(name, _)| name.as_deref() == operation);
        found.map(|(_, cost)| *cost).unwrap_or_default()
    }
}

/// The document that a request means.
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

/// Checks a document that is new here, if this endpoint answers such questions at all.
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
/// Why it cannot be executed, whatever the values of its variables.
pub fn parse(types: &InputTypes, text: &str) -> Result<ExecutableDocument, RequestError> {
    let parsed = parse_tokens(text, &reduce(text)?)?;
    check_inputs(types, text, &parsed)?;
    let merged = merge::merged(types.registry(), parsed.clone());
    refuse_invalid(text, conflicts::conflicts(types.registry(), &merged))?;
    Ok(parsed)
}

/// The tokens of a text that is within the limits.
fn reduce(text: &str) -> Result<String, RequestError> {
    query_text::normalise(text).map_err(|error| match error {
        TextError::Refused(refused) => HttpError::bad_request(refused.to_string()).into(),
        TextError::Syntax(error) => relocated(text, [parse_errors::tidy(error)]),
    })
}

fn parse_tokens(text: &str, tokens: &str) -> Result<ExecutableDocument, RequestError> {
    let parsed = parse_query(tokens).map_err(|error| relocated(text, [parse_errors::tidy(error)]))?;
    guard::check_document(&parsed).map_err(|refused| request_error(code::VALIDATION_FAILED, refused.to_string()))?;
    // The parser keeps the last of them.
    let repeated = query_text::repeated_fields(tokens).into_iter();
    let errors = repeated.map(|(name, position)| {
        let message = format!("There can be only one input field named \"{name}\".");
        ServerError::new(message, Some(position))
    });
    refuse_invalid(text, errors.collect())?;
    Ok(parsed)
}

/// Refuses a document with errors in its tokens, if there are any.
fn refuse_invalid(text: &str, errors: Vec<ServerError>) -> Result<(), RequestError> {
    if errors.is_empty() {
        return Ok(());
    }
    let errors = errors.into_iter();
    let errors: Vec<_> = errors.map(|error| with_code(error, code::VALIDATION_FAILED)).collect();
    Err(relocated(text, errors))
}

/// Errors in the tokens, with their locations in the text.
fn relocated(text: &str, errors: impl Into<Vec<ServerError>>) -> RequestError {
    let mut errors = errors.into();
    relocate(&mut errors, text);
    RequestError::Errors(errors)
}

fn check_inputs(types: &InputTypes, text: &str, parsed: &ExecutableDocument) -> Result<(), RequestError> {
    refuse_invalid(text, types.check_document(parsed).err().unwrap_or_default())
}
