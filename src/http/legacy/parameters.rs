//! The parameters of a legacy request: a form, as the old clients send it, or the same as a JSON object.

use std::collections::HashMap;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::value::RawValue;

use crate::http::body;
use crate::http::limits::RequestLimits;

/// Parameters by name. Of several with one name the last counts, in forms as in JSON. Never shown: a session key is
/// among them.
pub(super) struct Parameters(HashMap<String, String>);

/// The body is not what it should be; the code is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) code: &'static str,
}

/// More than any client sends, and few enough to be kept.
pub(in crate::http) const MOST_PARAMETERS: usize = 100;

const TOO_MANY: Unreadable = Unreadable {
    code: "TOO_MANY_PARAMETERS",
};
const NOT_JSON: Unreadable = Unreadable { code: "BAD_REQUEST" };

#[derive(Clone, Copy)]
enum Format {
    Form,
    Json,
}

impl Parameters {
    /// Reads the body of a request within the limits. An empty one has no parameters, whatever type it is said to be.
    pub(super) async fn read(request: Request, limits: &RequestLimits) -> Result<Self, Unreadable> {
        let format = Format::of(request.headers());
        let body = body::read(request.into_body(), limits).await;
        let body = body.map_err(|refusal| Unreadable { code: refusal.code() })?;
        match format {
            _ if body.is_empty() => Ok(Self(HashMap::new())),
            Some(Format::Form) => Self::from_form(&body),
            Some(Format::Json) => Self::from_json(&body),
            None => Err(Unreadable {
                code: "UNSUPPORTED_MEDIA_TYPE",
            }),
        }
    }

    /// A parameter's value, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn from_form(body: &[u8]) -> Result<Self, Unreadable> {
        // Counted first, as each becomes two texts of its own.
        if body.iter().filter(|byte| **byte == b'&').count() >= MOST_PARAMETERS {
            return Err(TOO_MANY);
        }
        Ok(Self(form_urlencoded::parse(body).into_owned().collect()))
    }

    /// A number is taken as it is written. A value that is neither text nor number counts as missing.
    fn from_json(body: &[u8]) -> Result<Self, Unreadable> {
        // Raw, so that a long number is not rounded, and so that nothing recurses into values that nobody asks for.
        let raw: HashMap<String, &RawValue> = serde_json::from_slice(body).map_err(|_| NOT_JSON)?;
        if raw.len() > MOST_PARAMETERS {
            return Err(TOO_MANY);
        }
        let mut parameters = HashMap::new();
        for (name, value) in raw {
            match value.get().as_bytes() {
                [b'"', ..] => {
                    let text = serde_json::from_str(value.get()).map_err(|_| NOT_JSON)?;
                    parameters.insert(name, text);
                }
                [b'-' | b'0'..=b'9', ..] => {
                    parameters.insert(name, value.get().to_owned());
                }
                _ => {}
            }
        }
        Ok(Self(parameters))
    }
}

impl Format {
    /// What the body is said to be; a form where nothing is said.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let Some(content_type) = headers.get(CONTENT_TYPE) else {
            return Some(Self::Form);
        };
        let media_type = content_type.to_str().ok()?.split(';').next()?.trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_the_last_of_a_name_counts() {
        let form = "word=%E5%8F%A3+%E4%BB%A4&empty=&twice=1&twice=2&alone";
        let read = Parameters::from_form(form.as_bytes()).ok().unwrap();
        assert_eq!(read.get("word"), Some("口 令"));
        assert_eq!(read.get("twice"), Some("2"));
        for missing in ["empty", "alone", "unknown"] {
            assert_eq!(read.get(missing), None, "{missing}");
        }
    }

    #[test]
    fn json_takes_text_and_numbers_as_they_are_written() {
        let body = r#"{"text": "口\u0041", "number": 123456789012345678901234567890, "twice": 1, "twice": "2",
                       "null": null, "flag": true, "list": ["x"], "object": {"a": 1}, "empty": ""}"#;
        let read = Parameters::from_json(body.as_bytes()).ok().unwrap();
        assert_eq!(read.get("text"), Some("口A"));
        assert_eq!(read.get("number"), Some("123456789012345678901234567890"));
        assert_eq!(read.get("twice"), Some("2"));
        for missing in ["null", "flag", "list", "object", "empty"] {
            assert_eq!(read.get(missing), None, "{missing}");
        }
    }

    #[test]
    fn parameters_are_few() {
        let form = |count: usize| vec!["a=1"; count].join("&");
        assert!(Parameters::from_form(form(MOST_PARAMETERS).as_bytes()).is_ok());
        assert_eq!(
            Parameters::from_form(form(MOST_PARAMETERS + 1).as_bytes()).err(),
            Some(TOO_MANY)
        );
        let json = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!("\"{number}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(Parameters::from_json(json(MOST_PARAMETERS).as_bytes()).is_ok());
        assert_eq!(
            Parameters::from_json(json(MOST_PARAMETERS + 1).as_bytes()).err(),
            Some(TOO_MANY)
        );
    }

    #[test]
    fn what_is_no_json_object_is_unreadable() {
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
            assert_eq!(
                Parameters::from_json(body.as_bytes()).err(),
                Some(NOT_JSON),
                "{body:.20}"
            );
        }
        assert!(Parameters::from_json(b"{\"a\": \"\xff\"}").is_err());
        let closed = format!("{deep}{}, \"b\": 1}}", "]".repeat(100_000));
        assert_eq!(
            Parameters::from_json(closed.as_bytes()).ok().unwrap().get("b"),
            Some("1")
        );
    }
}
