//! Conversion of string tokens to what the parser understands.

use std::borrow::Cow;
use std::fmt::Write;

use crate::http::graphql::guard::{Kind, Token};

/// Returns the text of a token for the parser: unchanged, except for some strings.
///
/// # Errors
/// The error in a Unicode escape, as a sentence for `Syntax error: …`.
pub fn rewrite<'text>(token: &Token<'text>) -> Result<Cow<'text, str>, &'static str> {
    match token.kind {
        Kind::BlockString => Ok(Cow::Owned(quoted(&block_string_value(
            &token.text[3..token.text.len() - 3],
        )))),
        Kind::String if needs_rewriting(token.text) => rewrite_escapes(token.text).map(Cow::Owned),
        _ => Ok(Cow::Borrowed(token.text)),
    }
}

/// Returns true if the text has an escape that the parser does not support: `\u{…}`, or half of a surrogate pair.
fn needs_rewriting(text: &str) -> bool {
    text.match_indices("\\u").any(|(position, _)| {
        let rest = &text.as_bytes()[position + 2..];
        matches!(rest, [b'{', ..] | [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..])
    })
}

const HALF_A_PAIR: &str =
    "an escape is half of a surrogate pair. Send both halves, such as \\ud83d\\ude00, or the character itself.";
const NO_CHARACTER: &str = "an escape stands for no character. Send \\u{…} with 1 to 6 hexadecimal digits up to \\u{10FFFF}, \
    without surrogates, or the character itself.";

fn rewrite_escapes(text: &str) -> Result<String, &'static str> {
    let mut rewritten = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('\\') {
        rewritten.push_str(&rest[..position]);
        rest = &rest[position..];
        let (character, length) = match rest.as_bytes() {
            [_, b'u', b'{', ..] => braced(rest)?,
            [_, b'u', ..] => match unit(rest) {
                Some(unit) => four_digits(rest, unit)?,
                // The parser reports the error.
                None => (None, 2),
            },
            _ => (None, rest.chars().take(2).map(char::len_utf8).sum()),
        };
        match character {
            Some(character) => push_quoted(&mut rewritten, character),
            None => rewritten.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    rewritten.push_str(rest);
    Ok(rewritten)
}

/// The character that replaces an escape, if any, and the length of the escape in bytes.
type Escape = (Option<char>, usize);

fn braced(rest: &str) -> Result<Escape, &'static str> {
    let end = rest.find('}').ok_or(NO_CHARACTER)?;
    let digits = &rest[3..end];
    let is_hexadecimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let significant = digits.trim_start_matches('0');
    if !is_hexadecimal || significant.len() > 6 {
        return Err(NO_CHARACTER);
    }
    let value = u32::from_str_radix(digits.trim_start_matches('0'), 16).unwrap_or(0);
    let character = char::from_u32(value).ok_or(NO_CHARACTER)?;
    Ok((Some(character), end + 1))
}

fn four_digits(rest: &str, unit: u16) -> Result<Escape, &'static str> {
    match char::decode_utf16([unit]).next() {
        Some(Ok(_)) => Ok((None, 6)),
        _ => {
            let low = rest.get(6..).and_then(self::unit).ok_or(HALF_A_PAIR)?;
            match char::decode_utf16([unit, low]).next() {
                Some(Ok(character)) => Ok((Some(character), 12)),
                _ => Err(HALF_A_PAIR),
            }
        }
    }
}

/// Returns the UTF-16 code unit of an escape with four digits at the start of a text.
fn unit(rest: &str) -> Option<u16> {
    let digits = rest.strip_prefix("\\u")?.get(..4)?;
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all_digits.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

/// Returns the value of a block string, by the specification: without common indentation, and without blank lines at
/// both ends.
fn block_string_value(raw: &str) -> String {
    let unescaped = raw
        .replace("\\\"\"\"", "\"\"\"")
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let lines: Vec<&str> = unescaped.split('\n').collect();
    let indent_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_blank = |line: &str| indent_of(line) == line.len();
    let indented = lines.iter().skip(1).filter(|line| !is_blank(line));
    let common = indented.map(|line| indent_of(line)).min().unwrap_or(0);
    let Some(first) = lines.iter().position(|line| !is_blank(line)) else {
        return String::new();
    };
    let last = lines.iter().rposition(|line| !is_blank(line)).unwrap_or(first);
    let kept = lines[first..=last].iter().enumerate().map(|(place, line)| {
        let indent = if first + place == 0 { 0 } else { common };
        line.get(indent..).unwrap_or_default()
    });
    kept.collect::<Vec<_>>().join("\n")
}

fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for character in value.chars() {
        push_quoted(&mut text, character);
    }
    text.push('"');
    text
}

fn push_quoted(text: &mut String, character: char) {
    match character {
        '"' => text.push_str("\\\""),
        '\\' => text.push_str("\\\\"),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        control if control.is_ascii_control() => {
            write!(text, "\\u{:04x}", u32::from(control)).expect("writing to a string never fails");
        }
        other => text.push(other),
    }
}
