//! The nesting of brackets, counted byte by byte: the one measure that a parser's stack cannot be hurt by. And, on the same
//! way through a JSON text, the values in it, which is what its memory grows with.

/// How deep `{[(` nest in a GraphQL text, outside strings, block strings and comments. Brackets need not match: what
/// does not is the parser's to refuse, and a closing one too many counts for nothing.
pub(super) fn graphql_nesting(text: &str) -> usize {
    let mut nesting = Nesting::default();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'#' => after_comment(after),
            // The parser takes three quotes that open no block string for an empty string and the start of another.
            b'"' if after.starts_with(b"\"\"") => after_block_string(&after[2..]).unwrap_or(&after[1..]),
            b'"' => after_string(after),
            _ => {
                nesting.count(byte);
                after
            }
        };
    }
    nesting.deepest
}

/// What a JSON text comes to, outside strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JsonMeasure {
    /// How deep `{[` nest.
    pub(super) nesting: usize,
    /// Numbers, texts, arrays, objects and their members, counted by what separates and opens them. Never too few; an empty
    /// array or object counts as if it held one.
    pub(super) values: usize,
}

pub(super) fn json_measure(text: &[u8]) -> JsonMeasure {
    let mut nesting = Nesting::default();
    let mut values = 1_usize;
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = if byte == b'"' { after_string(after) } else { after };
        nesting.count(byte);
        values += usize::from(matches!(byte, b',' | b'[' | b'{'));
    }
    JsonMeasure {
        nesting: nesting.deepest,
        values,
    }
}

#[derive(Default)]
struct Nesting {
    open: usize,
    deepest: usize,
}

impl Nesting {
    fn count(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' | b'(' => {
                self.open += 1;
                self.deepest = self.deepest.max(self.open);
            }
            b'}' | b']' | b')' => self.open = self.open.saturating_sub(1),
            _ => {}
        }
    }
}

pub(super) fn after_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(&[], |end| &text[end..])
}

/// A string ends at its quote; at the end of a line too, where a GraphQL parser stops as well. So a quote that is never
/// closed hides no more than its own line.
pub(super) fn after_string(text: &[u8]) -> &[u8] {
    let mut position = 0;
    while let Some(byte) = text.get(position) {
        match byte {
            b'\\' => position += 2,
            b'"' | b'\n' | b'\r' => return &text[position + 1..],
            _ => position += 1,
        }
    }
    &[]
}

/// `None` for a block string that is never closed.
pub(super) fn after_block_string(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b"\"\"\"") {
            return Some(after);
        }
        let escaped_end = rest.starts_with(b"\\\"\"\"");
        rest = &rest[if escaped_end { 4 } else { 1 }..];
    }
    None
}
