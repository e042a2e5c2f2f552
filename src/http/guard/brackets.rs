//! The nesting of brackets, counted byte by byte: the one measure that a parser's stack cannot be hurt by.

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

/// How deep `{[` nest in a JSON text, outside strings.
pub(super) fn json_nesting(text: &[u8]) -> usize {
    let mut nesting = Nesting::default();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = if byte == b'"' { after_string(after) } else { after };
        nesting.count(byte);
    }
    nesting.deepest
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

fn after_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(&[], |end| &text[end..])
}

/// A string ends at its quote; at the end of a line too, where a GraphQL parser stops as well. So a quote that is never
/// closed hides no more than its own line.
fn after_string(text: &[u8]) -> &[u8] {
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
fn after_block_string(text: &[u8]) -> Option<&[u8]> {
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
