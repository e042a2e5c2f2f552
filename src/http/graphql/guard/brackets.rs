//! The nesting of brackets, by which a parser's stack grows; and the number of values in a JSON text, by which its memory
//! grows. Both are counted byte by byte, without parsing.

/// What a JSON text comes to, outside strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonMeasure {
    /// How deep `{[` nest.
    pub nesting: usize,
    /// Numbers, texts, arrays, objects and their members, counted by what separates and opens them. Never too few; an empty
    /// array or object counts as if it held one.
    pub values: usize,
}

pub fn json_measure(text: &[u8]) -> JsonMeasure {
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

/// Counts brackets, which need not match: a closing one too many counts for nothing.
#[derive(Default)]
pub struct Nesting {
    open: usize,
    pub deepest: usize,
}

impl Nesting {
    pub fn count(&mut self, byte: u8) {
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

/// A string ends at its quote; at the end of a line too, which no JSON string contains. So a quote that is never closed hides
/// no more than its own line.
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
