//! Tests that normalised texts have the same meaning as the texts sent, and that errors are located in the latter.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::Selection;
use async_graphql::{Pos, ServerError, Value};

use super::*;

/// Renders a parsed document as text, without positions.
fn shape(text: &str) -> Option<String> {
    let parsed = format!("{:?}", parse_query(text).ok()?);
    let parts = parsed
        .split("Pos(")
        .map(|part| part.split_once(')').map_or(part, |(_, rest)| rest));
    Some(parts.collect())
}

fn string_argument(text: &str) -> Result<String, String> {
    let normalised = normalise(text).map_err(|error| match error {
        TextError::Refused(refused) => refused.to_string(),
        TextError::Syntax(error) => error.to_string(),
    })?;
    let document = parse_query(&normalised).map_err(|error| format!("{normalised}: {error}"))?;
    let (_, operation) = document.operations.iter().next().ok_or("no operation")?;
    let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else {
        return Err("no field".to_owned());
    };
    match &field.node.arguments[0].1.node.clone().into_const() {
        Some(Value::String(text)) => Ok(text.clone()),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn insignificant_characters_make_one_document() {
    let one = normalise("{ me { id } }").unwrap();
    for other in [
        "{me{id}}",
        "\u{feff}{me,{,id,}\t}\r\n",
        "# a comment\n{ me # another }\r { id } }",
        "  {  me  {  id  }  }  ",
    ] {
        assert_eq!(normalise(other).unwrap(), one, "{other:?}");
    }
    for other in ["{me{id id}}", "{m e{id}}", "{me{ID}}", "query{me{id}}"] {
        assert_ne!(normalise(other).unwrap(), one, "{other:?}");
    }
}

#[test]
fn strings_with_different_contents_are_distinct() {
    let texts = [
        "{a(b:\"x y\")}",
        "{a(b:\"x  y\")}",
        "{a(b:\"x,y\")}",
        "{a(b:\"x#y\")}",
        "{a(b:\"\"\"x\n  y\"\"\")}",
        "{a(b:\"\"\"x\n\n  y\"\"\")}",
        "{a(b:\"x\" c:\"y\")}",
        "{a(b:\"x\\\" c:\\\"y\")}",
    ];
    let normalised: std::collections::HashSet<_> = texts.map(|text| normalise(text).unwrap()).into();
    assert_eq!(normalised.len(), texts.len());
}

#[test]
fn strings_have_the_value_of_the_specification() {
    for (literal, value) in [
        (r#""\ud83d\ude00""#, "😀"),
        (r#""\uD83D\uDE00 \u00e9\n""#, "😀 é\n"),
        (r#""\u{1F600}""#, "😀"),
        (r#""\u{000000041}\u{22}\u{5c}\u{A}\u{0}""#, "A\"\\\n\0"),
        (r#""\\ud83d""#, "\\ud83d"),
        (r#""\\\ud83d\ude00""#, "\\😀"),
        (r#""""a \""" b""""#, "a \"\"\" b"),
        (r#""""a \u{1F600} \n "quoted" \ """"#, r#"a \u{1F600} \n "quoted" \ "#),
        ("\"\"\"\n    a\n      b\r\n\n    c\n  \"\"\"", "a\n  b\n\nc"),
        ("\"\"\"  first\n    second\n   third\"\"\"", "  first\n second\nthird"),
        ("\"\"\"\r\r\n \"\"\"", ""),
        ("\"\"", ""),
    ] {
        assert_eq!(
            string_argument(&format!("{{ a(b: {literal}) }}")).as_deref(),
            Ok(value),
            "{literal}"
        );
    }
    for (literal, words) in [
        (r#""\ud83d""#, "surrogate"),
        (r#""\ud83d x""#, "surrogate"),
        (r#""\ud83d\u0041""#, "surrogate"),
        (r#""\ude00\ud83d""#, "surrogate"),
        (r#""\u{d83d}""#, "no character"),
        (r#""\u{110000}""#, "no character"),
        (r#""\u{}""#, "no character"),
        (r#""\u{1F600""#, "no character"),
        (r#""\u{1F60G}""#, "no character"),
        (r#""\u{FFFFFFFFFFFFFFFFF}""#, "no character"),
    ] {
        let refused = string_argument(&format!("{{ a(b: {literal}) }}"));
        assert!(
            refused.as_ref().is_err_and(|error| error.contains(words)),
            "{literal}: {refused:?}"
        );
    }
}

#[test]
fn types_may_hold_blanks_and_comments() {
    let plain = normalise("query($a: [[Int!]!]! = [[1]], $b: ID) { a }").unwrap();
    let spread = normalise("query($a : [ [ Int ! ] ,\n # comment ]\n ! ] ! = [[1]] $b:ID) {a}").unwrap();
    assert_eq!(plain, spread);
    assert!(parse_query(&spread).is_ok());
    assert!(parse_query(normalise("{ ... on # comment\n Query { a } }").unwrap()).is_ok());
}

/// Returns sequences of random pieces, from a fixed seed.
fn texts(pieces: &[&str], length: usize, count: usize) -> impl Iterator<Item = String> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
    (0..count).map(move |_| {
        let mut text = String::new();
        for _ in 0..length {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text += &pieces[(state >> 32) as usize % pieces.len()];
        }
        text
    })
}

#[test]
fn normalisation_preserves_the_meaning_of_valid_texts() {
    let values = [
        "\"", "\"\"\"", "\\", "\\\"", "#", "\n", "\r", " ", ",", "[", "]", "1", "-", ".", "...", "a", "null", "true",
        "$a", "{b:", "}", "é", "\\u0041", "\t",
    ];
    let selections = [
        "a",
        " ",
        "{",
        "}",
        "...",
        "on ",
        "F",
        "(b:1)",
        "\"",
        "@c",
        "#x\n",
        ":",
        "query",
        "fragment F on Q",
        "($a:Int!)",
        "$",
        "!",
        "[",
        "]",
    ];
    let arguments = texts(&values, 6, 60_000).map(|value| format!("{{ a(z: [{value}]) }}"));
    let sets = texts(&selections, 7, 60_000).map(|text| format!("{{ a {text} }}"));
    let mut parsed = 0;
    for text in arguments.chain(sets) {
        let Some(expected) = shape(&text) else { continue };
        // The parser keeps the backslash of `\"""` in a block string, and reads `on` before a comment as the name of a
        // fragment.
        if text.contains("\\\"\"\"") || text.contains("on #") {
            continue;
        }
        parsed += 1;
        let normalised = normalise(&text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        assert_eq!(
            shape(&normalised).as_ref(),
            Some(&expected),
            "{text:?} as {normalised:?}"
        );
    }
    assert!(parsed > 1_000, "only {parsed} of the texts parse");
}

/// Returns the location that the parser reports for a text, after normalisation.
fn place_of_error(sent: &str) -> (usize, usize) {
    let normalised = normalise(sent).unwrap();
    let error = parse_query(&normalised).expect_err("the test's text does not parse");
    let mut errors = [ServerError::from(error)];
    relocate(&mut errors, sent);
    (errors[0].locations[0].line, errors[0].locations[0].column)
}

#[test]
fn errors_are_located_in_the_text_that_was_sent() {
    for (sent, place) in [
        ("{ a(", (1, 5)),
        ("{\n  a(b: ?)\n}", (2, 8)),
        ("{\r\n\r  a(b: ?)\n}", (3, 8)),
        ("# é comment\n{ \"é\" }", (2, 3)),
        ("query($a: [ Int ! ] ?) { a }", (1, 21)),
        ("{ a(b: \"\"\"x\ny\"\"\" ?) }", (2, 6)),
        ("", (1, 1)),
    ] {
        assert_eq!(place_of_error(sent), place, "{sent:?}");
    }
}

#[test]
fn every_token_is_found_again() {
    let sent =
        "query Q ( $a : [ Int ! ] = [1] ) {\n  é: me(b: \"\\ud83d\\ude00\", c: \"\"\"\n x\"\"\" d: 3) {\r\n    id } }";
    let normalised = normalise(sent).unwrap();
    let column = |line: usize, text: &str| {
        let line_text = sent.split('\n').nth(line - 1).unwrap().trim_end_matches('\r');
        line_text.split(text).next().unwrap().chars().count() + 1
    };
    for (token, line) in [("Q", 1), ("=", 1), ("me", 2), ("d", 3), ("3", 3), ("id", 4)] {
        let at = normalised.split('\n').position(|line| line == token).unwrap() + 1;
        let mut errors = [ServerError::new("", Some(Pos { line: at, column: 1 }))];
        relocate(&mut errors, sent);
        assert_eq!(
            errors[0].locations[0],
            Pos {
                line,
                column: column(line, token)
            },
            "{token}"
        );
    }
}
