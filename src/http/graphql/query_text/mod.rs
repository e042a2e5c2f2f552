//! Normalisation of a query text to its tokens, which are passed to the parser.
//!
//! Texts that differ only in whitespace, commas and comments are the same document. They share one entry of the
//! document cache, and errors are located in the text that the client sent. The parser of async-graphql 8.0.0-rc.5 also
//! rejects or misreads some texts that the specification allows; rewriting their tokens avoids that:
//!
//! - `\u{1F600}` and surrogate pairs in strings ([`strings`]);
//! - `\"""` in block strings, where the parser keeps the backslash;
//! - whitespace and comments within a type (`[ Int ! ]`), and a comment after `on`.

mod lines;
mod locations;
mod repeated_fields;
mod strings;
#[cfg(test)]
mod tests;

use async_graphql::parser::Error as ParseError;

use self::lines::Lines;
use super::guard::{Meter, Refused, tokens};

pub use self::locations::relocate;
pub use self::repeated_fields::repeated_fields;

/// Reason why a text cannot be normalised.
#[derive(Debug)]
pub enum TextError {
    /// It exceeds a limit.
    Refused(Refused),
    /// A string has an escape sequence for no character. The location is that in the normalised text.
    Syntax(ParseError),
}

/// Returns the tokens of a text, one per line, except that a type such as `[Int!]!` is on one line.
///
/// # Errors
/// [`TextError`] if the text exceeds the limits of [`guard`](super::guard), or a string has a malformed Unicode escape.
pub fn normalise(sent: &str) -> Result<String, TextError> {
    let mut meter = Meter::start(sent).map_err(TextError::Refused)?;
    let mut lines = Lines::default();
    let mut text = String::with_capacity(sent.len() + sent.len() / 4);
    for token in tokens(sent) {
        meter.take(&token).map_err(TextError::Refused)?;
        if !lines.continues(&token) && !text.is_empty() {
            text.push('\n');
        }
        match strings::rewrite(&token) {
            Ok(rewritten) => text.push_str(&rewritten),
            Err(reason) => {
                return Err(TextError::Syntax(ParseError::Syntax {
                    message: reason.to_owned(),
                    start: lines.position_after(&text),
                    end: None,
                }));
            }
        }
    }
    Ok(text)
}
