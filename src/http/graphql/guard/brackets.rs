//! Counts the nesting of brackets, which bounds a parser's stack, and the number of values in a JSON text, which bounds
//! its memory. Works byte by byte, without parsing.

/// Measurements of a JSON text, outside strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonMeasure {
    /// Maximum nesting of `{` and `[`.
    pub nesting: usize,
    /// Number of values: numbers, strings, arrays, objects and their members, counted by separators and brackets. Never
    /// too low; an empty array or object counts as one with a single value.
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

/// Counts brackets, which need not match: surplus closing brackets are ignored.
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

/// Returns the text after a string. The string ends at its quote or at the end of the line, which no JSON string
/// contains, so that an unclosed quote hides at most its own line.
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
