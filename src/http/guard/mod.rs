//! Bounds on a GraphQL document, before the library sees it. Two of its steps have none of their own:
//!
//! - its parser recurses on nested literals, so that 4 KB of `[[[…` overflow the stack and abort the process;
//! - its depth check expands fragments without remembering them, so that 900 bytes take seconds no timeout can stop.
//!
//! [`check_text`] runs before parsing, [`check_document`] after it and before validation. Pure: no tokio, no axum.

mod brackets;
mod selections;

use async_graphql::parser::types::ExecutableDocument;

/// Longest query text, in bytes.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;
/// How deep brackets of any kind may nest in a query text.
pub const MAX_BRACKET_NESTING: usize = 32;
/// How deep arrays and objects may nest in a request body, whose `variables` become GraphQL values.
pub const MAX_JSON_NESTING: usize = 32;
/// Most selections that a document may come to once its fragments are put in place.
pub const MAX_SELECTIONS: usize = 1_000;
/// How deep selections may nest once fragments are put in place.
pub const MAX_SELECTION_DEPTH: usize = 32;
/// Most aliased fields once fragments are put in place.
pub const MAX_ALIASES: usize = 30;
/// Most directives in the text of one document.
pub const MAX_DIRECTIVES: usize = 20;

/// Why a document goes no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The query text is too long.
    #[error("The query is longer than {MAX_QUERY_BYTES} bytes. Split it into several requests.")]
    QueryTooLong,
    /// Brackets nest too deep in the query text.
    #[error(
        "The query nests brackets more than {MAX_BRACKET_NESTING} deep. Pass deep values as variables, or select less."
    )]
    BracketsTooDeep,
    /// Arrays or objects nest too deep in the JSON of the request.
    #[error("The request nests JSON more than {MAX_JSON_NESTING} deep. Send flatter variables.")]
    JsonTooDeep,
    /// The document selects too much.
    #[error(
        "The query comes to more than {MAX_SELECTIONS} selections once its fragments are expanded. Select less at once."
    )]
    TooManySelections,
    /// Selections nest too deep.
    #[error(
        "The query nests selections more than {MAX_SELECTION_DEPTH} deep once its fragments are expanded. Select less deeply."
    )]
    SelectionsTooDeep,
    /// Too many aliased fields.
    #[error(
        "The query has more than {MAX_ALIASES} aliases once its fragments are expanded. Split it into several requests."
    )]
    TooManyAliases,
    /// Too many directives.
    #[error("The query has more than {MAX_DIRECTIVES} directives. Leave some out.")]
    TooManyDirectives,
    /// A fragment contains itself.
    #[error("The fragment \"{0}\" contains itself. Take it out of its own selections.")]
    FragmentCycle(String),
}

/// Checks what can be checked of a query text without parsing it: its length and the nesting of its brackets.
///
/// # Errors
/// [`Refused::QueryTooLong`], [`Refused::BracketsTooDeep`].
pub fn check_text(query: &str) -> Result<(), Refused> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(Refused::QueryTooLong);
    }
    if brackets::graphql_nesting(query) > MAX_BRACKET_NESTING {
        return Err(Refused::BracketsTooDeep);
    }
    Ok(())
}

/// Checks the nesting of a JSON text without parsing it.
///
/// # Errors
/// [`Refused::JsonTooDeep`].
pub fn check_json(text: &[u8]) -> Result<(), Refused> {
    if brackets::json_nesting(text) > MAX_JSON_NESTING {
        Err(Refused::JsonTooDeep)
    } else {
        Ok(())
    }
}

/// Checks what a parsed document comes to. Fragments that are used but not defined are left to validation.
///
/// # Errors
/// Any [`Refused`] about selections, aliases, directives and cycles.
pub fn check_document(document: &ExecutableDocument) -> Result<(), Refused> {
    if selections::directives(document) > MAX_DIRECTIVES {
        return Err(Refused::TooManyDirectives);
    }
    let weight = selections::weigh(document)?;
    if weight.selections > MAX_SELECTIONS {
        return Err(Refused::TooManySelections);
    }
    if weight.aliases > MAX_ALIASES {
        return Err(Refused::TooManyAliases);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
