//! Reference of a request to its document, by text, hash or ID.

use serde_json::{Map, Value};

use crate::http::error::HttpError;

/// Document reference of a request; at least one field is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentReference {
    /// `query`: the text of the document. Empty only if no hash or ID is sent either.
    pub text: Option<String>,
    /// `extensions.persistedQuery.sha256Hash` of Apollo's protocol: the hash of the text, or an ID from a client build.
    pub hash: Option<String>,
    /// `documentId` of the persisted documents appendix of GraphQL over HTTP.
    pub document_id: Option<String>,
}

impl DocumentReference {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400 if a parameter has the wrong type, or all of them are missing.
    pub fn read(query: Value, document_id: Value, extensions: &Map<String, Value>) -> Result<Self, HttpError> {
        let hash = persisted_query(extensions.get("persistedQuery").unwrap_or(&Value::Null))?;
        let document_id = text("documentId", document_id)?.filter(|id| !id.is_empty());
        let is_named = hash.is_some() || document_id.is_some();
        // With a hash, some clients send an empty text and others omit it.
        let text = text("query", query)?.filter(|text| !(text.is_empty() && is_named));
        if text.is_none() && !is_named {
            return Err(HttpError::bad_request(
                "The parameter \"query\" is missing: send the text of an operation in it.",
            ));
        }
        Ok(Self {
            text,
            hash,
            document_id,
        })
    }
}

fn text(name: &str, value: Value) -> Result<Option<String>, HttpError> {
    match value {
        Value::String(text) => Ok(Some(text)),
        Value::Null => Ok(None),
        _ => Err(HttpError::bad_request(format!(
            "The parameter \"{name}\" must be a string."
        ))),
    }
}

fn persisted_query(extension: &Value) -> Result<Option<String>, HttpError> {
    if extension.is_null() {
        return Ok(None);
    }
    if extension.get("version").and_then(Value::as_i64) != Some(1) {
        return Err(HttpError::bad_request(
            "Unsupported persisted query version: send {\"version\": 1, \"sha256Hash\": \"…\"} in extensions.persistedQuery.",
        ));
    }
    let hash = extension.get("sha256Hash").and_then(Value::as_str);
    match hash.filter(|hash| !hash.is_empty()) {
        Some(hash) => Ok(Some(hash.to_owned())),
        None => Err(HttpError::bad_request(
            "extensions.persistedQuery has no sha256Hash: send the hash of the query in it.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(parameters: Value) -> Option<(Option<String>, Option<String>, Option<String>)> {
        let extensions = parameters["extensions"].as_object().cloned().unwrap_or_default();
        let read = DocumentReference::read(
            parameters["query"].clone(),
            parameters["documentId"].clone(),
            &extensions,
        );
        read.ok()
            .map(|reference| (reference.text, reference.hash, reference.document_id))
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_document_is_referenced_by_text_hash_or_id() {
        let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": "ab" } });
        assert_eq!(read(json!({ "query": "{ a }" })), Some((text("{ a }"), None, None)));
        assert_eq!(
            read(json!({ "query": "{ a }", "extensions": extensions })),
            Some((text("{ a }"), text("ab"), None))
        );
        assert_eq!(
            read(json!({ "extensions": extensions })),
            Some((None, text("ab"), None))
        );
        assert_eq!(
            read(json!({ "query": "", "extensions": extensions })),
            Some((None, text("ab"), None))
        );
        assert_eq!(read(json!({ "documentId": "x" })), Some((None, None, text("x"))));
        assert_eq!(read(json!({ "query": "" })), Some((text(""), None, None)));
    }

    #[test]
    fn other_references_are_rejected() {
        for parameters in [
            json!({}),
            json!({ "query": 1 }),
            json!({ "documentId": 1 }),
            json!({ "documentId": "" }),
            json!({ "query": "{ a }", "extensions": { "persistedQuery": 1 } }),
            json!({ "query": "{ a }", "extensions": { "persistedQuery": { "sha256Hash": "ab" } } }),
            json!({ "extensions": { "persistedQuery": { "version": 2, "sha256Hash": "ab" } } }),
            json!({ "extensions": { "persistedQuery": { "version": 1 } } }),
            json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": 5 } } }),
        ] {
            assert_eq!(read(parameters.clone()), None, "{parameters}");
        }
    }
}
