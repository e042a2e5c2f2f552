//! From what a request says of its document to the parsed document: named or sent, guarded, parsed, or known from before.

mod absent;
pub(super) mod cache;
pub(super) mod cost;
mod merge;
mod size;

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::registry::Registry;
use async_graphql::{Name, ServerError};

pub(super) use self::absent::omit_absent;
use self::cost::Cost;
use super::authenticator::Authenticator;
use super::document_reference::DocumentReference;
use super::door::GraphqlDoor;
use super::errors::{self, code, request_error, with_code};
use super::executor::Validation;
use super::guard;
use super::inputs::InputTypes;
use super::parse_errors;
use super::query_text::{self, TextError, relocate};
use super::refusal::Refusal;
use super::stop::Stop;

/// What developers of clients are told where introspection is off.
pub(super) const SCHEMA_IS_HIDDEN: &str = "The schema is not shown here: introspection is off. Take schema.graphql from the \
    repository, print it by `newbee schema`, or ask those who run this server to set NEWBEE_INTROSPECTION=on.";

/// A document that may be executed.
pub(super) struct Document {
    /// As the client sent it: locations of errors refer to it.
    pub(super) text: Arc<str>,
    /// Its tokens, by which it is cached; locations in `checked` refer to them.
    pub(super) tokens: String,
    pub(super) checked: Arc<CheckedDocument>,
    /// How it must be validated.
    pub(super) validation: Validation,
}

impl Document {
    /// Makes the locations of errors those of the text that was sent.
    pub(super) fn relocate(&self, errors: &mut [ServerError]) {
        relocate(errors, &self.text);
    }
}

/// A document that passed the guard, with equal selections merged.
#[derive(Debug)]
pub(super) struct CheckedDocument {
    pub(super) parsed: ExecutableDocument,
    /// By the name of the operation.
    costs: Vec<(Option<Name>, Cost)>,
    /// The memory that it takes.
    bytes: usize,
}

impl CheckedDocument {
    fn new(mut parsed: ExecutableDocument, registry: &Registry) -> Self {
        merge::merge_equal(&mut parsed);
        let operations = parsed.operations.iter();
        let costs = operations.map(|(name, operation)| (name.cloned(), Cost::of(registry, &parsed, &operation.node)));
        Self {
            costs: costs.collect(),
            bytes: size::bytes(&parsed),
            parsed,
        }
    }

    /// The estimate for the operation of a name, or the one without.
    pub(super) fn cost(&self, operation: Option<&str>) -> Cost {
        let mut costs = self.costs.iter();
        let found = costs.find(|(name, _)| name.as_deref() == operation);
        found.map(|(_, cost)| *cost).unwrap_or_default()
    }
}

/// The document that a request means.
pub(super) fn find<A: Authenticator>(door: &GraphqlDoor<A>, reference: DocumentReference) -> Result<Document, Stop> {
    let resolved = door.persisted.resolve(reference)?;
    let tokens = reduce(&resolved.text)?;
    let (checked, validation) = match door.documents.get(&tokens) {
        Some(known) => (known, Validation::Known),
        None => {
            let checked = check_for(door, &resolved.text, &tokens)?;
            (Arc::new(checked), Validation::Strict)
        }
    };
    door.persisted.keep(&resolved);
    Ok(Document {
        text: resolved.text,
        tokens,
        checked,
        validation,
    })
}

/// Checks a document that is new here, if this endpoint answers such questions at all.
fn check_for<A: Authenticator>(door: &GraphqlDoor<A>, text: &str, tokens: &str) -> Result<CheckedDocument, Stop> {
    let parsed = parse_tokens(text, tokens)?;
    if !door.introspection && guard::asks_for_the_schema(&parsed) {
        return Err(errors::introspection_is_off(SCHEMA_IS_HIDDEN).into());
    }
    let types = door.executor.input_types();
    check_inputs(types, text, &parsed)?;
    Ok(CheckedDocument::new(parsed, types.registry()))
}

/// Parses a text between the two halves of the guard, and checks its literals and variables.
///
/// # Errors
/// Why it cannot be executed, whatever the values of its variables.
pub(super) fn parse(types: &InputTypes, text: &str) -> Result<ExecutableDocument, Stop> {
    let parsed = parse_tokens(text, &reduce(text)?)?;
    check_inputs(types, text, &parsed)?;
    Ok(parsed)
}

/// The tokens of a text that is within the limits.
fn reduce(text: &str) -> Result<String, Stop> {
    query_text::normalise(text).map_err(|error| match error {
        TextError::Refused(refused) => Refusal::bad_request(refused.to_string()).into(),
        TextError::Syntax(error) => syntax_error(text, parse_errors::tidy(error)).into(),
    })
}

fn parse_tokens(text: &str, tokens: &str) -> Result<ExecutableDocument, Stop> {
    let parsed = parse_query(tokens).map_err(|error| syntax_error(text, parse_errors::tidy(error)))?;
    guard::check_document(&parsed).map_err(|refused| request_error(code::VALIDATION_FAILED, refused.to_string()))?;
    Ok(parsed)
}

fn syntax_error(text: &str, error: ServerError) -> ServerError {
    let mut errors = [error];
    relocate(&mut errors, text);
    let [error] = errors;
    with_code(error, code::PARSE_FAILED)
}

fn check_inputs(types: &InputTypes, text: &str, parsed: &ExecutableDocument) -> Result<(), Stop> {
    types.check_document(parsed).map_err(|mut errors| {
        relocate(&mut errors, text);
        Stop::Errors(
            errors
                .into_iter()
                .map(|error| with_code(error, code::VALIDATION_FAILED))
                .collect(),
        )
    })
}
