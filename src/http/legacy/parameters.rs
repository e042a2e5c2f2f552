//! Parameters of a legacy request: a form, as old clients send it, or an equivalent JSON object.

use std::collections::HashMap;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use encoding_rs::Encoding;
use serde_json::value::RawValue;

use crate::http::headers::text_encoding::{Charset, charset, decode, is_utf_16, without_byte_order_mark};
use crate::http::limits::RequestLimits;
use crate::http::limits::body;

/// Parameters by name. If a name is repeated, the last value is used, in forms as in JSON. There is no `Debug`, because
/// a session key is among them.
pub struct Parameters(HashMap<String, Value>);

/// Value of a parameter; `None` if its bytes cannot be decoded with the declared encoding.
type Value = Option<String>;

/// The bytes of a parameter cannot be decoded with the declared encoding, which defaults to UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecodable;

/// The body cannot be read; the code is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub code: &'static str,
}

impl Unreadable {
    /// Returns true if the body is UTF-16, which clients report with a specific message.
    pub fn is_utf_16(self) -> bool {
        self == UTF_16
    }
}

/// Maximum number of parameters: more than any client sends, and few enough to keep in memory.
pub const MAX_PARAMETERS: usize = 100;

const TOO_MANY: Unreadable = Unreadable {
    code: "TOO_MANY_PARAMETERS",
};
const NOT_JSON: Unreadable = Unreadable { code: "BAD_REQUEST" };
const UNSUPPORTED_TYPE: Unreadable = Unreadable {
    code: "UNSUPPORTED_MEDIA_TYPE",
};
const UTF_16: Unreadable = Unreadable { code: "UTF_16" };

#[derive(Clone, Copy)]
enum Format {
    Form,
    Json,
}

impl Parameters {
    /// Reads the body of a request within the limits. An empty body has no parameters, regardless of its declared type.
    ///
    /// # Errors
    /// [`Unreadable`] if the body is too large or too slow, has an unsupported type or encoding, or is malformed.
    pub async fn read(request: Request, limits: &RequestLimits) -> Result<Self, Unreadable> {
        let types = declared(request.headers());
        let body = body::read(request.into_body(), limits).await;
        let body = body.map_err(|refusal| Unreadable { code: refusal.code() })?;
        if body.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let (format, charset) = types.ok_or(UNSUPPORTED_TYPE)?;
        let encoding = match charset {
            Charset::Known(_) if is_utf_16(&body) => return Err(UTF_16),
            Charset::Known(encoding) => encoding,
            Charset::Utf16 => return Err(UTF_16),
            Charset::Unknown => return Err(UNSUPPORTED_TYPE),
        };
        let body = without_byte_order_mark(&body);
        match format {
            Format::Form => Self::from_form(body, encoding),
            Format::Json => Self::from_json(&decode(encoding, body).ok_or(NOT_JSON)?),
        }
    }

    /// Returns the value of a parameter; `None` if it is missing or empty.
    ///
    /// # Errors
    /// [`Undecodable`] if its bytes cannot be decoded.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Undecodable> {
        match self.0.get(name) {
            Some(None) => Err(Undecodable),
            Some(Some(value)) => Ok(Some(value.as_str()).filter(|value| !value.is_empty())),
            None => Ok(None),
        }
    }

    /// Drops all parameters other than those that a method declares.
    pub fn keep(&mut self, names: &[&str]) {
        self.0.retain(|name, _| names.contains(&name.as_str()));
    }

    fn from_form(body: &[u8], encoding: &'static Encoding) -> Result<Self, Unreadable> {
        // Check the number first, as each parameter allocates two strings.
        if body.iter().filter(|byte| **byte == b'&').count() >= MAX_PARAMETERS {
            return Err(TOO_MANY);
        }
        // Split before decoding: in all supported encodings these ASCII bytes do not occur within a character.
        let pairs = body.split(|byte| *byte == b'&').filter_map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (parts.next()?, parts.next().unwrap_or_default());
            // A name that cannot be decoded matches no parameter.
            let name = decode(encoding, &unescape(name))?;
            Some((name, decode(encoding, &unescape(value))))
        });
        Ok(Self(pairs.collect()))
    }

    /// A number is taken as written. A value that is neither a string nor a number counts as missing.
    fn from_json(body: &str) -> Result<Self, Unreadable> {
        // Raw values: long numbers are not rounded, and unused values are not parsed recursively.
        let raw: HashMap<String, &RawValue> = serde_json::from_str(body).map_err(|_| NOT_JSON)?;
        if raw.len() > MAX_PARAMETERS {
            return Err(TOO_MANY);
        }
        let mut parameters = HashMap::new();
        for (name, value) in raw {
            match value.get().as_bytes() {
                [b'"', ..] => {
                    let text = serde_json::from_str(value.get()).map_err(|_| NOT_JSON)?;
                    parameters.insert(name, Some(text));
                }
                [b'-' | b'0'..=b'9', ..] => {
                    parameters.insert(name, Some(value.get().to_owned()));
                }
                _ => {}
            }
        }
        Ok(Self(parameters))
    }
}

/// Decodes a part of a form to bytes: `+` is a space, `%` with two hexadecimal digits is a byte. Any other `%` stands
/// for itself.
fn unescape(part: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match (first, digit(after.first()), digit(after.get(1))) {
            (b'+', ..) => b' ',
            (b'%', Some(high), Some(low)) => {
                rest = &after[2..];
                (high * 16 + low) as u8
            }
            _ => first,
        });
    }
    bytes
}

/// Returns the declared format of a body, a UTF-8 form by default; `None` if it is neither a form nor JSON.
fn declared(headers: &HeaderMap) -> Option<(Format, Charset)> {
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return Some((Format::Form, Charset::of_label(None)));
    };
    let content_type = content_type.to_str().ok()?;
    let media_type = content_type.split(';').next()?.trim();
    let format = match media_type.to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Format::Form,
        "application/json" => Format::Json,
        _ => return None,
    };
    Some((format, Charset::of_label(charset(content_type))))
}

#[cfg(test)]
mod tests {
    use encoding_rs::{GBK, UTF_8};

    use super::*;

    #[test]
    fn forms_are_decoded_and_the_last_of_a_name_counts() {
        let form = "word=%E5%8F%A3+%E4%BB%A4&empty=&twice=1&twice=2&alone";
        let read = Parameters::from_form(form.as_bytes(), UTF_8).ok().unwrap();
        assert_eq!(read.get("word"), Ok(Some("口 令")));
        assert_eq!(read.get("twice"), Ok(Some("2")));
        for missing in ["empty", "alone", "unknown"] {
            assert_eq!(read.get(missing), Ok(None), "{missing}");
        }
    }

    #[test]
    fn a_form_is_decoded_as_it_is_declared() {
        let read = Parameters::from_form(b"word=%BF%DA%C1%EE&raw=\xbf\xda&cut=%BF&bad=%FF%FF&%FF=x&a=%zz%4", GBK);
        let read = read.ok().unwrap();
        assert_eq!(read.get("word"), Ok(Some("口令")));
        assert_eq!(read.get("raw"), Ok(Some("口")));
        assert_eq!(read.get("a"), Ok(Some("%zz%4")));
        for undecodable in ["cut", "bad"] {
            assert_eq!(read.get(undecodable), Err(Undecodable), "{undecodable}");
        }
        let read = Parameters::from_form(b"word=%BF%DA%C1%EE&session_key=x", UTF_8)
            .ok()
            .unwrap();
        assert_eq!(read.get("word"), Err(Undecodable));
        assert_eq!(read.get("session_key"), Ok(Some("x")));
    }

    #[test]
    fn json_takes_text_and_numbers_as_they_are_written() {
        let body = r#"{"text": "口\u0041", "number": 123456789012345678901234567890, "twice": 1, "twice": "2",
                       "null": null, "flag": true, "list": ["x"], "object": {"a": 1}, "empty": ""}"#;
        let read = Parameters::from_json(body).ok().unwrap();
        assert_eq!(read.get("text"), Ok(Some("口A")));
        assert_eq!(read.get("number"), Ok(Some("123456789012345678901234567890")));
        assert_eq!(read.get("twice"), Ok(Some("2")));
        for missing in ["null", "flag", "list", "object", "empty"] {
            assert_eq!(read.get(missing), Ok(None), "{missing}");
        }
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let form = |count: usize| vec!["a=1"; count].join("&");
        assert!(Parameters::from_form(form(MAX_PARAMETERS).as_bytes(), UTF_8).is_ok());
        assert_eq!(
            Parameters::from_form(form(MAX_PARAMETERS + 1).as_bytes(), UTF_8).err(),
            Some(TOO_MANY)
        );
        let json = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!("\"{number}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(Parameters::from_json(&json(MAX_PARAMETERS)).is_ok());
        assert_eq!(Parameters::from_json(&json(MAX_PARAMETERS + 1)).err(), Some(TOO_MANY));
    }

    #[test]
    fn anything_but_a_json_object_is_unreadable() {
        let deep = format!("{{\"a\": {}", "[".repeat(100_000));
        for body in [
            "{",
            "[]",
            "null",
            "\"x\"",
            "{\"a\": \"\\ud800\"}",
            "{} {}",
            "a=1",
            &deep,
        ] {
            assert_eq!(Parameters::from_json(body).err(), Some(NOT_JSON), "{body:.20}");
        }
        let closed = format!("{deep}{}, \"b\": 1}}", "]".repeat(100_000));
        assert_eq!(Parameters::from_json(&closed).ok().unwrap().get("b"), Ok(Some("1")));
    }
}
