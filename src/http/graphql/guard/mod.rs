//! Limits on GraphQL documents, applied where the library has none:
//!
//! - its parser recurses on nested literals, so that 4 KB of `[[[…` overflow the stack and abort the process;
//! - its depth check expands fragments without caching, so that 900 bytes take seconds that no timeout can interrupt.
//!
//! [`check_text`] runs before parsing, [`check_document`] between parsing and validation. Pure: no tokio, no axum.

mod brackets;
mod introspection;
mod selections;
mod tokens;

use async_graphql::parser::types::ExecutableDocument;

use self::brackets::Nesting;
pub use self::introspection::asks_for_the_schema;
pub use self::tokens::{Kind, Token, tokens};

/// Maximum length of a query text, in bytes.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;
/// Maximum number of tokens in a query text: names, numbers, strings and punctuation, without commas and comments.
pub const MAX_TOKENS: usize = 1_000;
/// Maximum nesting of brackets of any kind in a query text.
pub const MAX_BRACKET_NESTING: usize = 32;
/// Maximum nesting of arrays and objects in a request body, whose `variables` become GraphQL values.
pub const MAX_JSON_NESTING: usize = 32;
/// Maximum number of selections in a document, with fragments expanded.
pub const MAX_SELECTIONS: usize = 1_000;
/// Maximum nesting of selections, with fragments expanded.
pub const MAX_SELECTION_DEPTH: usize = 32;
/// Maximum number of aliased fields, with fragments expanded.
pub const MAX_ALIASES: usize = 30;
/// Maximum number of directives in the text of a document.
pub const MAX_DIRECTIVES: usize = 20;
/// Maximum number of root fields of a query, with fragments expanded. The library executes a field once per occurrence,
/// even under the same name.
pub const MAX_ROOT_FIELDS: usize = 30;
/// Maximum number of root fields of a query sent without a key.
pub const MAX_ROOT_FIELDS_WITHOUT_KEY: usize = 10;
/// Maximum number of root fields of a mutation, each of which is a write.
pub const MAX_ROOT_MUTATIONS: usize = 10;

/// Reason why a document is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The query text is too long.
    #[error("The query is longer than {MAX_QUERY_BYTES} bytes. Split it into several requests.")]
    QueryTooLong,
    /// The query text has too many tokens.
    #[error(
        "The query has more than {MAX_TOKENS} tokens. Pass values as variables, or split it into several requests."
    )]
    TooManyTokens,
    /// Brackets nest too deep in the query text.
    #[error(
        "The query nests brackets more than {MAX_BRACKET_NESTING} deep. Pass deep values as variables, or select less."
    )]
    BracketsTooDeep,
    /// Arrays or objects nest too deep in the JSON of the request.
    #[error("The request nests JSON more than {MAX_JSON_NESTING} deep. Send flatter variables.")]
    JsonTooDeep,
    /// The JSON of the request has too many values.
    #[error("The request holds more than {0} JSON values. Send shorter lists, in several requests.")]
    TooManyValues(usize),
    /// The document has too many selections.
    #[error(
        "The query has more than {MAX_SELECTIONS} selections once its fragments are expanded. Select less at once."
    )]
    TooManySelections,
    /// Selections nest too deep.
    #[error(
        "The query nests selections more than {MAX_SELECTION_DEPTH} deep once its fragments are expanded. Select less deeply."
    )]
    SelectionsTooDeep,
    /// There are too many aliased fields.
    #[error(
        "The query has more than {MAX_ALIASES} aliases once its fragments are expanded. Split it into several requests."
    )]
    TooManyAliases,
    /// There are too many directives.
    #[error("The query has more than {MAX_DIRECTIVES} directives. Leave some out.")]
    TooManyDirectives,
    /// A query has too many root fields.
    #[error(
        "The query has more than {MAX_ROOT_FIELDS} fields at its root once its fragments are expanded. Split it into several requests."
    )]
    TooManyRootFields,
    /// A query without a key has too many root fields.
    #[error(
        "The query has more than {MAX_ROOT_FIELDS_WITHOUT_KEY} fields at its root once its fragments are expanded. Send a key in the header Authorization, or split the query into several requests."
    )]
    TooManyRootFieldsWithoutKey,
    /// A mutation has too many root fields.
    #[error(
        "The mutation has more than {MAX_ROOT_MUTATIONS} fields at its root once its fragments are expanded. Send several requests."
    )]
    TooManyRootMutations,
    /// A fragment contains itself.
    #[error("The fragment \"{0}\" contains itself. Remove the cycle.")]
    FragmentCycle(String),
}

/// Checks a query text without parsing it: its length, the nesting of its brackets and its tokens.
///
/// # Errors
/// [`Refused::QueryTooLong`], [`Refused::BracketsTooDeep`], [`Refused::TooManyTokens`].
#[cfg(test)]
pub fn check_text(query: &str) -> Result<(), Refused> {
    let mut meter = Meter::start(query)?;
    tokens(query).try_for_each(|token| meter.take(&token))
}

/// Checks the length of a query text.
///
/// # Errors
/// [`Refused::QueryTooLong`].
pub fn check_length(query: &str) -> Result<(), Refused> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(Refused::QueryTooLong);
    }
    Ok(())
}

/// Counts the tokens and brackets of a query text.
pub struct Meter {
    tokens: usize,
    nesting: Nesting,
}

impl Meter {
    /// Checks the length of the whole text.
    ///
    /// # Errors
    /// [`Refused::QueryTooLong`].
    pub fn start(query: &str) -> Result<Self, Refused> {
        check_length(query)?;
        Ok(Self {
            tokens: 0,
            nesting: Nesting::default(),
        })
    }

    /// Counts the next token.
    ///
    /// # Errors
    /// [`Refused::BracketsTooDeep`], [`Refused::TooManyTokens`].
    pub fn take(&mut self, token: &Token<'_>) -> Result<(), Refused> {
        if token.kind == Kind::Punctuation {
            self.nesting.count(token.text.as_bytes()[0]);
            if self.nesting.deepest > MAX_BRACKET_NESTING {
                return Err(Refused::BracketsTooDeep);
            }
        }
        self.tokens += 1;
        if self.tokens > MAX_TOKENS {
            return Err(Refused::TooManyTokens);
        }
        Ok(())
    }
}

/// Checks the nesting and the number of values of a JSON text without parsing it: once parsed, a text such as
/// `[1,1,1,…]` takes a hundred times its size in memory.
///
/// # Errors
/// [`Refused::JsonTooDeep`], [`Refused::TooManyValues`].
pub fn check_json(text: &[u8], most_values: usize) -> Result<(), Refused> {
    let measure = brackets::json_measure(text);
    if measure.nesting > MAX_JSON_NESTING {
        return Err(Refused::JsonTooDeep);
    }
    if measure.values > most_values {
        return Err(Refused::TooManyValues(most_values));
    }
    Ok(())
}

/// Checks the size of a parsed document. Undefined fragments are left for validation.
///
/// # Errors
/// Any [`Refused`] about selections, aliases, root fields, directives and cycles.
pub fn check_document(document: &ExecutableDocument) -> Result<(), Refused> {
    if selections::directives(document) > MAX_DIRECTIVES {
        return Err(Refused::TooManyDirectives);
    }
    let total = selections::weigh(document)?;
    let bounds = [
        (total.selections, MAX_SELECTIONS, Refused::TooManySelections),
        (total.aliases, MAX_ALIASES, Refused::TooManyAliases),
        (total.root_fields, MAX_ROOT_FIELDS, Refused::TooManyRootFields),
        (total.root_mutations, MAX_ROOT_MUTATIONS, Refused::TooManyRootMutations),
    ];
    match bounds.into_iter().find(|(found, most, _)| found > most) {
        Some((_, _, refused)) => Err(refused),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
