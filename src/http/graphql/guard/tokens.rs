//! Lexer for GraphQL texts: names, numbers, strings, punctuation. Whitespace, commas, byte order marks and comments are
//! not tokens. Parsing time and memory grow with the number of tokens, not of bytes.

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a number; only the parser distinguishes them.
    Word,
    /// A string in single double quotes, up to its closing quote or the end of its line.
    String,
    /// A closed string in triple quotes.
    BlockString,
    /// A punctuator, or a character of no token, which the parser rejects.
    Punctuation,
}

/// A token and its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'text> {
    pub kind: Kind,
    pub text: &'text str,
    /// Offset of its first byte in the whole text.
    pub start: usize,
}

/// Splits a text into tokens.
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, position: 0 }
}

/// Iterator over tokens.
pub struct Tokens<'text> {
    text: &'text str,
    position: usize,
}

impl<'text> Iterator for Tokens<'text> {
    type Item = Token<'text>;

    fn next(&mut self) -> Option<Token<'text>> {
        let bytes = self.text.as_bytes();
        let start = after_ignored(bytes, self.position);
        let (kind, end) = match *bytes.get(start)? {
            b'"' if bytes[start..].starts_with(b"\"\"\"") => match end_of_block_string(bytes, start + 3) {
                Some(end) => (Kind::BlockString, end),
                // The parser reads three quotes without an end as an empty string and the start of another.
                None => (Kind::String, start + 2),
            },
            b'"' => (Kind::String, end_of_string(bytes, start + 1)),
            b'.' if bytes[start..].starts_with(b"...") => (Kind::Punctuation, start + 3),
            byte if is_of_words(byte) => (Kind::Word, end_of_word(bytes, start + 1)),
            _ => {
                let length = self.text[start..].chars().next().map_or(1, char::len_utf8);
                (Kind::Punctuation, start + length)
            }
        };
        self.position = end;
        Some(Token {
            kind,
            text: &self.text[start..end],
            start,
        })
    }
}

fn after_ignored(bytes: &[u8], mut position: usize) -> usize {
    while let Some(byte) = bytes.get(position) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => position += 1,
            b'#' => position = end_of_line(bytes, position),
            0xef if bytes[position..].starts_with("\u{feff}".as_bytes()) => position += 3,
            _ => break,
        }
    }
    position
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    let length = bytes[from..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    length.map_or(bytes.len(), |length| from + length)
}

/// Returns the offset behind a string: after its quote, or before the end of its line, where a GraphQL parser stops as
/// well, so that an unclosed quote hides at most its own line.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let mut position = from;
    while let Some(byte) = bytes.get(position) {
        match byte {
            b'\\' if !matches!(bytes.get(position + 1), Some(b'\n' | b'\r')) => position += 2,
            b'"' => return position + 1,
            b'\n' | b'\r' => return position,
            _ => position += 1,
        }
    }
    bytes.len()
}

/// Returns `None` for an unclosed block string.
fn end_of_block_string(bytes: &[u8], from: usize) -> Option<usize> {
    let mut position = from;
    while position < bytes.len() {
        if bytes[position..].starts_with(b"\"\"\"") {
            return Some(position + 3);
        }
        let is_escaped = bytes[position..].starts_with(b"\\\"\"\"");
        position += if is_escaped { 4 } else { 1 };
    }
    None
}

fn is_of_words(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+')
}

/// A dot belongs to a number, as in `1.5`; three dots are a separate token.
fn end_of_word(bytes: &[u8], from: usize) -> usize {
    let mut position = from;
    while let Some(&byte) = bytes.get(position) {
        let goes_on = is_of_words(byte) || (byte == b'.' && !bytes[position..].starts_with(b"..."));
        if !goes_on {
            break;
        }
        position += 1;
    }
    position
}
