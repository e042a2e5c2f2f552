//! JSON text of a reply.

use async_graphql::{Response, Value};
use async_graphql_value::RAW_VALUE_TOKEN;
use serde::Serialize;

/// Expected size of a reply without lists, in bytes.
const REPLY_BYTES: usize = 512;

/// Returns a reply as JSON: `errors` if there are any, and `data`.
///
/// Copies the lists that are already JSON. The serialiser of async-graphql would parse them once more.
pub fn to_json(response: &Response) -> Vec<u8> {
    let mut json = Vec::with_capacity(REPLY_BYTES + raw_bytes(&response.data));
    json.push(b'{');
    if !response.errors.is_empty() {
        json.extend(b"\"errors\":");
        serialise(&response.errors, &mut json);
        json.push(b',');
    }
    json.extend(b"\"data\":");
    write(&response.data, &mut json);
    json.push(b'}');
    json
}

fn write(value: &Value, json: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => {
            if let Some(raw) = raw(value) {
                return json.extend(raw.as_bytes());
            }
            json.push(b'{');
            for (place, (key, value)) in fields.iter().enumerate() {
                if place > 0 {
                    json.push(b',');
                }
                serialise(key.as_str(), json);
                json.push(b':');
                write(value, json);
            }
            json.push(b'}');
        }
        Value::List(items) => {
            json.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    json.push(b',');
                }
                write(item, json);
            }
            json.push(b']');
        }
        scalar => serialise(scalar, json),
    }
}

fn serialise(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("GraphQL's values are JSON");
}

/// Returns the text of a value that is already JSON.
fn raw(value: &Value) -> Option<&str> {
    let Value::Object(fields) = value else { return None };
    match fields.get_index(0) {
        Some((key, Value::String(text))) if fields.len() == 1 && key == RAW_VALUE_TOKEN => Some(text),
        _ => None,
    }
}

/// Returns true if a value holds lists that are already JSON.
pub fn holds_json(value: &Value) -> bool {
    raw_bytes(value) > 0
}

/// Returns the total length of the values that are already JSON.
fn raw_bytes(value: &Value) -> usize {
    match (raw(value), value) {
        (Some(text), _) => text.len(),
        (None, Value::Object(fields)) => fields.values().map(raw_bytes).sum(),
        (None, Value::List(items)) => items.iter().map(raw_bytes).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::ServerError;
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_are_those_of_the_library() {
        let raw = Value::from_json(json!({ RAW_VALUE_TOKEN: "[{\"a\":\"\\n\"},null]" })).unwrap();
        let mut data = Value::from_json(json!({
            "text": "\"\\\u{1}é\u{2028}", "list": [1, -2.5, true, null, []], "object": { "b": {}, "a": {} }, "rows": null,
        }))
        .unwrap();
        for errors in [Vec::new(), vec![ServerError::new("It \"failed\"", None)]] {
            let mut response = Response::new(data.clone());
            response.errors = errors;
            assert_eq!(to_json(&response), serde_json::to_vec(&response).unwrap());
        }
        let Value::Object(fields) = &mut data else {
            unreachable!()
        };
        fields.insert(async_graphql::Name::new("rows"), raw);
        let response = Response::new(data);
        assert_eq!(to_json(&response), serde_json::to_vec(&response).unwrap());
    }
}
