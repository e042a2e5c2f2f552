//! A query text reduced to its tokens, which is what the parser gets.
//!
//! Texts that differ in blanks, commas and comments alone are one document. They share one entry of the document cache, and
//! errors are located in the text that the client sent. The parser of async-graphql 8.0.0-rc.5 also refuses or misreads
//! some texts that the specification allows; rewriting their tokens avoids that:
//!
//! - `\u{1F600}` and surrogate pairs in strings ([`strings`]);
//! - `\"""` in block strings, which it keeps with its backslash;
//! - blanks and comments within a type (`[ Int ! ]`), and a comment after `on`.

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

/// Why a text cannot be reduced to tokens.
#[derive(Debug)]
pub enum TextError {
    /// It is too large.
    Refused(Refused),
    /// A string has an escape that stands for no character. The location is that in the reduced text.
    Syntax(ParseError),
}

/// Returns the tokens of a text, one a line, but a type such as `[Int!]!` in one line.
///
/// # Errors
/// When the text is beyond the limits of [`guard`](super::guard), or has a string with a malformed Unicode escape.
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
