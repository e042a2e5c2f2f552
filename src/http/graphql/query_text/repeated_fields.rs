//! The rule "Input Object Field Uniqueness" of the specification. The parser of async-graphql keeps only the last of
//! several fields with one name, so the check works on the tokens.

use std::collections::HashSet;

use async_graphql::Pos;

use crate::http::graphql::guard::{Kind, tokens};

enum Bracket<'text> {
    /// An object literal, with the field names found so far.
    Object(HashSet<&'text str>),
    List,
    Other,
}

/// Returns the names of repeated fields in a normalised text that parses, with the position of each repetition.
pub fn repeated_fields(text: &str) -> Vec<(&str, Pos)> {
    let mut repeated = Vec::new();
    let mut open: Vec<Bracket<'_>> = Vec::new();
    let mut before = "";
    let mut tokens = tokens(text).peekable();
    while let Some(token) = tokens.next() {
        match token.text {
            // After a name or a bracket, the brace opens a selection set.
            "{" if matches!(before, ":" | "=") || matches!(open.last(), Some(Bracket::List)) => {
                open.push(Bracket::Object(HashSet::new()));
            }
            "[" => open.push(Bracket::List),
            "{" | "(" => open.push(Bracket::Other),
            "}" | "]" | ")" => {
                open.pop();
            }
            name if token.kind == Kind::Word && tokens.peek().is_some_and(|next| next.text == ":") => {
                if let Some(Bracket::Object(names)) = open.last_mut()
                    && !names.insert(name)
                {
                    repeated.push((name, position_of(text, token.start)));
                }
            }
            _ => {}
        }
        before = token.text;
    }
    repeated
}

fn position_of(text: &str, byte: usize) -> Pos {
    let line_start = text[..byte].rfind('\n').map_or(0, |newline| newline + 1);
    Pos {
        line: text[..byte].matches('\n').count() + 1,
        column: text[line_start..byte].chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::graphql::query_text::normalise;

    fn names(text: &str) -> Vec<String> {
        let text = normalise(text).unwrap();
        let found = repeated_fields(&text);
        found.into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn repetitions_are_found_in_each_object() {
        for (text, expected) in [
            ("{ f(o: { a: 1, a: 2 }) }", &["a"][..]),
            ("{ f(o: { a: { b: 1 b: 2 b: 3 } a: [] }) }", &["b", "b", "a"]),
            ("{ f(o: [{ a: 1 }, [{ a: 1, a: $v }]]) }", &["a"]),
            ("query ($o: O = { a: 1, b: 2, a: 3 }) { f(o: $o) }", &["a"]),
            ("{ f @d(o: { a: \"{\", a: \"}\" }) }", &["a"]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn names_of_different_objects_may_be_repeated() {
        for text in [
            "{ f(o: { a: { a: { a: 1 } } }, p: { a: 1 }) }",
            "{ f(o: [{ a: 1 }, { a: 1 }, { a: [{ a: A }] }]) }",
            "{ f(o: { a: \"a: 1, a: 2\", b: a }) { a: b a: b c { a: a } } a: f(o: {}) { b } }",
            "query ($a: A = { a: a }, $b: [A!]) { f(o: $a, p: $b) { a { b } } }",
        ] {
            assert_eq!(names(text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn the_position_is_that_of_the_repetition() {
        let text = normalise("{ f(o: { a: \"é\", a: 2 }) }").unwrap();
        let (_, position) = repeated_fields(&text)[0];
        assert_eq!(text.lines().nth(position.line - 1), Some("a"));
        assert_eq!((position.line, position.column), (10, 1));
    }
}
