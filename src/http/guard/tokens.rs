//! The tokens of a GraphQL text, counted before it is parsed: names, numbers, strings, punctuation. Spaces, commas and
//! comments are none. What a parser builds, and how long it takes, grows with them and not with the bytes.

use super::brackets::{after_block_string, after_comment, after_string};

/// How many tokens a text has. A byte that belongs into no token counts as one: the parser will refuse it.
pub(super) fn count(text: &str) -> usize {
    let mut tokens = 0;
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if is_ignored(byte) {
            rest = after;
            continue;
        }
        if byte == b'#' {
            rest = after_comment(after);
            continue;
        }
        // The byte order mark may stand where a space may.
        if let Some(after_mark) = rest.strip_prefix("\u{feff}".as_bytes()) {
            rest = after_mark;
            continue;
        }
        tokens += 1;
        rest = match byte {
            b'"' if after.starts_with(b"\"\"") => after_block_string(&after[2..]).unwrap_or(&after[1..]),
            b'"' => after_string(after),
            b'.' if after.starts_with(b"..") => &after[2..],
            byte if is_of_words(byte) => after_word(after),
            _ => after,
        };
    }
    tokens
}

fn is_ignored(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',')
}

/// Names and numbers, which are told apart by the parser alone.
fn is_of_words(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+')
}

/// A dot belongs to a number, as in `1.5`; three of them are a token of their own.
fn after_word(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let goes_on = is_of_words(byte) || (byte == b'.' && !after.starts_with(b".."));
        if !goes_on {
            break;
        }
        rest = after;
    }
    rest
}
