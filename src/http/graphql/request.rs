//! Reads the parameters of a GraphQL request from a JSON body (POST) or from the query string (GET).

use axum::extract::{Query, Request};
use axum::http::{Method, Uri};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::documents::reference::DocumentReference;
use super::guard;
use crate::domain::text;
use crate::http::error::HttpError;
use crate::http::headers::media_type::{require_json_body, unsupported_utf_16};
use crate::http::headers::text_encoding::{is_utf_16, without_byte_order_mark};
use crate::http::limits::RequestLimits;
use crate::http::limits::body;

/// Methods of a GraphQL endpoint, as listed in the `Allow` header.
pub const METHODS: &str = "GET, HEAD, POST, OPTIONS";

/// Parameters of a request: well-formed, but not yet interpreted.
#[derive(Debug)]
pub struct Parameters {
    pub document: DocumentReference,
    pub operation_name: Option<String>,
    pub variables: Map<String, Value>,
    pub extensions: Map<String, Value>,
}

/// Parameters as sent. Other properties are ignored, as the GraphQL over HTTP specification requires.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Unchecked {
    query: Value,
    document_id: Value,
    operation_name: Value,
    variables: Value,
    extensions: Value,
}

/// Reads the parameters.
///
/// # Errors
/// [`HttpError`] if the request is malformed or exceeds a limit.
pub async fn read(request: Request, limits: &RequestLimits) -> Result<Parameters, HttpError> {
    match *request.method() {
        Method::POST => {
            require_json_body(request.headers())?;
            let body = body::read(request.into_body(), limits).await?;
            if is_utf_16(&body) {
                return Err(unsupported_utf_16());
            }
            from_json(without_byte_order_mark(&body), limits)
        }
        Method::GET | Method::HEAD => from_query_string(request.uri(), limits),
        _ => Err(HttpError::method_not_allowed(
            METHODS,
            "Send GraphQL by POST as JSON, or a query by GET.",
        )),
    }
}

fn from_json(body: &[u8], limits: &RequestLimits) -> Result<Parameters, HttpError> {
    check_json(body, limits)?;
    let json: Value = serde_json::from_slice(body).map_err(|error| {
        HttpError::bad_request(format!("The body is not JSON: {error}. Send {{\"query\": \"…\"}}."))
    })?;
    match json {
        Value::Object(_) => {}
        Value::Array(_) => {
            return Err(HttpError::bad_request(
                "Batches are not supported: send each operation in a separate request.",
            ));
        }
        _ => {
            return Err(HttpError::bad_request(
                "The body must be a JSON object like {\"query\": \"…\"}.",
            ));
        }
    }
    from_object(json)
}

/// Reads the parameters from a JSON object, the form used in bodies and WebSocket messages.
///
/// # Errors
/// 400 if a parameter has the wrong type or is missing.
pub fn from_object(json: Value) -> Result<Parameters, HttpError> {
    let unchecked = serde_json::from_value(json).map_err(|error| HttpError::bad_request(error.to_string()))?;
    check(unchecked)
}

fn from_query_string(uri: &Uri, limits: &RequestLimits) -> Result<Parameters, HttpError> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| HttpError::bad_request("The query string is not URL-encoded UTF-8."))?;
    let mut unchecked = Unchecked::default();
    for (name, text) in pairs {
        match name.as_str() {
            "query" => unchecked.query = Value::String(text),
            "documentId" => unchecked.document_id = Value::String(text),
            "operationName" => unchecked.operation_name = Value::String(text),
            "variables" => unchecked.variables = json_parameter(&name, &text, limits)?,
            "extensions" => unchecked.extensions = json_parameter(&name, &text, limits)?,
            _ => {}
        }
    }
    check(unchecked)
}

fn check_json(text: &[u8], limits: &RequestLimits) -> Result<(), HttpError> {
    guard::check_json(text, limits.json_values).map_err(|refused| HttpError::bad_request(refused.to_string()))
}

fn json_parameter(name: &str, text: &str, limits: &RequestLimits) -> Result<Value, HttpError> {
    let text = text::without_byte_order_mark(text);
    check_json(text.as_bytes(), limits)?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text)
        .map_err(|error| HttpError::bad_request(format!("The parameter \"{name}\" is not JSON: {error}.")))
}

fn check(unchecked: Unchecked) -> Result<Parameters, HttpError> {
    let extensions = object("extensions", unchecked.extensions)?;
    let document = DocumentReference::read(unchecked.query, unchecked.document_id, &extensions)?;
    let operation_name = match unchecked.operation_name {
        Value::String(name) if name.is_empty() => None,
        Value::String(name) => Some(name),
        Value::Null => None,
        _ => {
            return Err(HttpError::bad_request(
                "The parameter \"operationName\" must be a string or null.",
            ));
        }
    };
    Ok(Parameters {
        document,
        operation_name,
        variables: object("variables", unchecked.variables)?,
        extensions,
    })
}

fn object(name: &str, value: Value) -> Result<Map<String, Value>, HttpError> {
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(HttpError::bad_request(format!(
            "The parameter \"{name}\" must be an object or null."
        ))),
    }
}
