//! From what a request says of its document to the parsed document: named or sent, guarded, parsed, or known from before.

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;

use super::authenticator::Authenticator;
use super::document_reference::DocumentReference;
use super::door::GraphqlDoor;
use super::errors::{self, code, request_error, with_code};
use super::executor::Validation;
use super::guard;
use super::parse_errors;
use super::refusal::Refusal;
use super::stop::Stop;

/// What developers of clients are told where introspection is off.
pub(super) const SCHEMA_IS_HIDDEN: &str = "The schema is not shown here: introspection is off. Take schema.graphql from the \
    repository, print it by `newbee schema`, or ask those who run this server to set NEWBEE_INTROSPECTION=on.";

/// A document that may be executed.
pub(super) struct Document {
    pub(super) text: Arc<str>,
    pub(super) parsed: Arc<ExecutableDocument>,
    /// How it must be validated.
    pub(super) validation: Validation,
}

/// The document that a request means.
pub(super) fn find<A: Authenticator>(door: &GraphqlDoor<A>, reference: DocumentReference) -> Result<Document, Stop> {
    let resolved = door.persisted.resolve(reference)?;
    let (parsed, validation) = match door.documents.get(&resolved.text) {
        Some(known) => (known, Validation::Known),
        None => (Arc::new(parse_for(door, &resolved.text)?), Validation::Strict),
    };
    door.persisted.keep(&resolved);
    Ok(Document {
        text: resolved.text,
        parsed,
        validation,
    })
}

/// What a text says, if this door answers such questions at all.
fn parse_for<A: Authenticator>(door: &GraphqlDoor<A>, text: &str) -> Result<ExecutableDocument, Stop> {
    let document = parse(text)?;
    if !door.introspection && guard::asks_for_the_schema(&document) {
        return Err(errors::introspection_is_off(SCHEMA_IS_HIDDEN).into());
    }
    Ok(document)
}

/// Parses a text between the two halves of the guard.
pub(super) fn parse(text: &str) -> Result<ExecutableDocument, Stop> {
    guard::check_text(text).map_err(|refused| Refusal::bad_request(refused.to_string()))?;
    let document = parse_query(text).map_err(|error| with_code(parse_errors::tidy(error), code::PARSE_FAILED))?;
    guard::check_document(&document).map_err(|refused| request_error(code::VALIDATION_FAILED, refused.to_string()))?;
    Ok(document)
}
