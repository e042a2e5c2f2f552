//! Bounds on a GraphQL document, before the library sees it. Two of its steps have none of their own:
//!
//! - its parser recurses on nested literals, so that 4 KB of `[[[…` overflow the stack and abort the process;
//! - its depth check expands fragments without remembering them, so that 900 bytes take seconds no timeout can stop.
//!
//! [`check_text`] runs before parsing, [`check_document`] after it and before validation. Pure: no tokio, no axum.

mod brackets;
mod introspection;
mod selections;
mod tokens;

use async_graphql::parser::types::ExecutableDocument;

use self::brackets::Nesting;
pub use self::introspection::asks_for_the_schema;
pub use self::tokens::{Kind, Token, tokens};

/// Longest query text, in bytes.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;
/// Most tokens in a query text: names, numbers, strings and punctuation, without commas and comments.
pub const MAX_TOKENS: usize = 1_000;
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
/// Most fields at the root of one query once fragments are put in place. The library runs a field again for each time that
/// it is written, even under the same name.
pub const MAX_ROOT_FIELDS: usize = 30;
/// The same for requests without a key.
pub const MAX_ROOT_FIELDS_WITHOUT_KEY: usize = 10;
/// Most fields at the root of one mutation, each of which is a write.
pub const MAX_ROOT_MUTATIONS: usize = 10;

/// Why a document goes no further.
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
    /// The JSON of the request holds too much.
    #[error("The request holds more than {0} JSON values. Send shorter lists, in several requests.")]
    TooManyValues(usize),
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
    /// Too many fields at the root of a query.
    #[error(
        "The query has more than {MAX_ROOT_FIELDS} fields at its root once its fragments are expanded. Split it into several requests."
    )]
    TooManyRootFields,
    /// Too many fields at the root of a query without a key.
    #[error(
        "The query has more than {MAX_ROOT_FIELDS_WITHOUT_KEY} fields at its root once its fragments are expanded. Send a key in the header Authorization, or split the query into several requests."
    )]
    TooManyRootFieldsWithoutKey,
    /// Too many fields at the root of a mutation.
    #[error(
        "The mutation has more than {MAX_ROOT_MUTATIONS} fields at its root once its fragments are expanded. Send several requests."
    )]
    TooManyRootMutations,
    /// A fragment contains itself.
    #[error("The fragment \"{0}\" contains itself. Take it out of its own selections.")]
    FragmentCycle(String),
}

/// Checks what can be checked of a query text without parsing it: its length, the nesting of its brackets and its tokens.
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

/// Measures a query text token by token.
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

/// Checks the nesting of a JSON text, and how many values it holds, without parsing it: a short text such as `[1,1,1,…]`
/// takes a hundred times its bytes once it is parsed.
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

/// Checks what a parsed document comes to. Fragments that are used but not defined are left to validation.
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
