//! The graphql-transport-ws protocol as a pure state machine, without I/O or timers.
//!
//! <https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md>

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::domain::text::without_byte_order_mark;
use crate::http::graphql::guard;

/// Name of the protocol in the handshake.
pub const SUBPROTOCOL: &str = "graphql-transport-ws";

/// Maximum length of an operation ID, in bytes. Clients use numbers or UUIDs.
const MAX_ID_BYTES: usize = 128;

/// Close code and reason, by this protocol and by WebSocket itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    pub code: u16,
    /// At most 123 bytes.
    pub reason: Cow<'static, str>,
}

impl Close {
    pub const SERVICE_RESTART: Self = Self::new(1012, "This server is shutting down: connect again");
    pub const BINARY: Self = Self::new(1003, "Binary messages are not supported: send text");
    pub const TOO_BIG: Self = Self::new(1009, "The message is too big");
    pub const TRY_AGAIN: Self = Self::new(1013, "Session keys cannot be checked at the moment");
    pub const RATE_LIMITED: Self = Self::new(1013, "Too many messages: wait a little, then connect again");
    pub const TOO_MANY_SOCKETS: Self = Self::new(1013, "Too many open sockets: close one, then connect again");
    pub const IDLE_VISITOR: Self = Self::new(4410, "Idle without a session key: connect again for the next operation");
    pub const UNAUTHORIZED: Self = Self::new(4401, "Unauthorized");
    pub const FORBIDDEN: Self = Self::new(4403, "Forbidden");
    pub const SUBPROTOCOL: Self = Self::new(4406, "Subprotocol not acceptable: use graphql-transport-ws");
    pub const INIT_TIMEOUT: Self = Self::new(4408, "Connection initialisation timeout");
    pub const SECOND_INIT: Self = Self::new(4429, "Too many initialisation requests");

    const fn new(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
        }
    }

    fn invalid(what: &'static str) -> Self {
        Self::new(4400, what)
    }

    fn id_in_use(id: &str) -> Self {
        let shown = &id[..id.floor_char_boundary(60)];
        Self {
            code: 4409,
            reason: format!("Subscriber for {shown} already exists").into(),
        }
    }
}

/// Action required by a message.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Check the key in this payload, then call [`Protocol::acknowledge`] or close.
    Initialise(Map<String, Value>),
    /// Send this text to the client.
    Reply(String),
    /// Start an operation; it counts as running until [`Protocol::end`].
    Begin {
        id: String,
        number: u64,
        payload: Value,
    },
    /// The client has stopped this operation, which no longer runs.
    Stop(String),
    Nothing,
}

/// Protocol state of a socket.
#[derive(Debug)]
pub struct Protocol {
    /// Maximum number of values in the JSON of a message.
    most_values: usize,
    stage: Stage,
    /// Running operations, by the client's ID, which may be reused, and by our number, which is unique.
    running: HashMap<String, u64>,
    begun: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Connected,
    Initialising,
    Acknowledged,
}

impl Protocol {
    pub fn new(most_values: usize) -> Self {
        Self {
            most_values,
            stage: Stage::default(),
            running: HashMap::new(),
            begun: 0,
        }
    }

    /// Returns true if the client has not yet sent its first message.
    pub fn waits_for_init(&self) -> bool {
        self.stage == Stage::Connected
    }

    /// Allows the client to start operations, and returns the message to send.
    pub fn acknowledge(&mut self) -> String {
        self.stage = Stage::Acknowledged;
        json!({ "type": "connection_ack" }).to_string()
    }

    /// Returns the number of running operations.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Returns the IDs of the running operations.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.running.keys().map(String::as_str)
    }

    /// Returns true if this operation is still running, and its ID has not been reused for another.
    pub fn runs(&self, id: &str, number: u64) -> bool {
        self.running.get(id) == Some(&number)
    }

    /// Records the end of an operation.
    pub fn end(&mut self, id: &str) {
        self.running.remove(id);
    }

    /// Processes a message.
    ///
    /// # Errors
    /// [`Close`] if the message violates the protocol.
    pub fn receive(&mut self, text: &str) -> Result<Step, Close> {
        // As for request bodies.
        let text = without_byte_order_mark(text);
        guard::check_json(text.as_bytes(), self.most_values)
            .map_err(|_| Close::invalid("Invalid message: it nests too deep or holds too many values"))?;
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err(Close::invalid("Invalid message: not a JSON object"));
        };
        let payload = message.remove("payload");
        match message.get("type").and_then(Value::as_str) {
            Some("connection_init") => {
                if self.stage != Stage::Connected {
                    return Err(Close::SECOND_INIT);
                }
                self.stage = Stage::Initialising;
                object_or_nothing(payload).map(|payload| Step::Initialise(payload.unwrap_or_default()))
            }
            Some("ping") => Ok(Step::Reply(match object_or_nothing(payload)? {
                Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
                None => json!({ "type": "pong" }).to_string(),
            })),
            Some("pong") => object_or_nothing(payload).map(|_| Step::Nothing),
            Some("subscribe") => self.subscribe(id(&message)?, payload),
            Some("complete") => {
                let id = id(&message)?;
                // An unknown ID is no error: the operation may have ended while the message was in transit.
                self.running.remove(id);
                Ok(Step::Stop(id.to_owned()))
            }
            Some(_) => Err(Close::invalid("Invalid message: unknown type")),
            None => Err(Close::invalid("Invalid message: the type is missing")),
        }
    }

    fn subscribe(&mut self, id: &str, payload: Option<Value>) -> Result<Step, Close> {
        let Some(payload @ Value::Object(_)) = payload else {
            return Err(Close::invalid("Invalid message: subscribe needs a payload"));
        };
        if !matches!(payload.get("query"), None | Some(Value::Null | Value::String(_))) {
            return Err(Close::invalid("Invalid message: the query is not a string"));
        }
        if self.stage != Stage::Acknowledged {
            return Err(Close::UNAUTHORIZED);
        }
        if self.running.contains_key(id) {
            return Err(Close::id_in_use(id));
        }
        self.begun += 1;
        self.running.insert(id.to_owned(), self.begun);
        Ok(Step::Begin {
            id: id.to_owned(),
            number: self.begun,
            payload,
        })
    }
}

fn id(message: &Map<String, Value>) -> Result<&str, Close> {
    let id = message.get("id").and_then(Value::as_str);
    id.filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()))
        .ok_or(Close::invalid(
            "Invalid message: the id is not a text of 1 to 128 bytes",
        ))
}

fn object_or_nothing(payload: Option<Value>) -> Result<Option<Map<String, Value>>, Close> {
    match payload {
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err(Close::invalid("Invalid message: the payload is not an object")),
    }
}

/// Renders the message with a result of an operation, which is already JSON.
pub fn next(id: &str, reply: &[u8]) -> String {
    with_payload("next", id, reply)
}

/// Renders the message that ends an operation with errors, a JSON list.
pub fn error(id: &str, errors: &[u8]) -> String {
    with_payload("error", id, errors)
}

/// Renders the message that ends an operation.
pub fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

fn with_payload(kind: &str, id: &str, payload: &[u8]) -> String {
    let (id, payload) = (Value::from(id), String::from_utf8_lossy(payload));
    format!(r#"{{"id":{id},"type":"{kind}","payload":{payload}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INIT: &str = r#"{"type":"connection_init"}"#;

    fn ready() -> Protocol {
        let mut protocol = Protocol::new(100);
        protocol.receive(INIT).unwrap();
        protocol.acknowledge();
        protocol
    }

    fn subscribe(id: &str) -> String {
        json!({ "id": id, "type": "subscribe", "payload": { "query": "{ a }" } }).to_string()
    }

    #[test]
    fn an_operation_runs_from_its_beginning_to_its_end() {
        let mut protocol = ready();
        let step = protocol.receive(&subscribe("1")).unwrap();
        let Step::Begin { id, number, .. } = step else {
            panic!("{step:?}")
        };
        assert!(protocol.runs(&id, number) && protocol.running() == 1);
        protocol.end(&id);
        assert_eq!(protocol.running(), 0);
    }

    #[test]
    fn an_id_can_be_reused_and_results_of_its_first_operation_are_recognised() {
        let mut protocol = ready();
        let Ok(Step::Begin { number: first, .. }) = protocol.receive(&subscribe("1")) else {
            panic!()
        };
        assert_eq!(
            protocol.receive(r#"{"type":"complete","id":"1"}"#),
            Ok(Step::Stop("1".into()))
        );
        let Ok(Step::Begin { number: second, .. }) = protocol.receive(&subscribe("1")) else {
            panic!()
        };
        assert!(!protocol.runs("1", first) && protocol.runs("1", second));
    }

    #[test]
    fn protocol_violations_close_the_socket_with_their_code() {
        let code = |mut protocol: Protocol, text: &str| protocol.receive(text).unwrap_err().code;
        assert_eq!(code(Protocol::new(100), &subscribe("1")), 4401);
        assert_eq!(code(ready(), INIT), 4429);
        let mut running = ready();
        running.receive(&subscribe("1")).unwrap();
        assert_eq!(code(running, &subscribe("1")), 4409);
        for invalid in [
            "",
            "no json",
            "[]",
            r#""connection_init""#,
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"start"}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"ping","payload":7}"#,
        ] {
            assert_eq!(code(ready(), invalid), 4400, "{invalid}");
        }
        assert_eq!(code(ready(), &format!("{}{}", "[".repeat(99), "]".repeat(99))), 4400);
    }

    #[test]
    fn one_byte_order_mark_is_ignored() {
        let mut protocol = Protocol::new(100);
        let init = protocol.receive(&format!("\u{feff}{INIT}"));
        assert_eq!(init, Ok(Step::Initialise(Map::new())));
        protocol.acknowledge();
        let begun = protocol.receive(&format!("\u{feff}{}", subscribe("1")));
        assert!(matches!(begun, Ok(Step::Begin { .. })));
        let twice = protocol.receive(&format!("\u{feff}\u{feff}{}", subscribe("2")));
        assert_eq!(twice.unwrap_err().code, 4400);
    }

    #[test]
    fn pings_are_answered_at_any_time() {
        let mut protocol = Protocol::new(100);
        let pong = protocol.receive(r#"{"type":"ping","payload":{"a":1}}"#);
        assert_eq!(
            pong,
            Ok(Step::Reply(
                json!({ "type": "pong", "payload": { "a": 1 } }).to_string()
            ))
        );
        assert_eq!(protocol.receive(r#"{"type":"pong"}"#), Ok(Step::Nothing));
        assert!(protocol.waits_for_init());
    }

    #[test]
    fn messages_are_json_for_any_id() {
        let id = "a\"\\\u{1}é";
        let message: Value = serde_json::from_str(&next(id, br#"{"data":null}"#)).unwrap();
        assert_eq!(
            message,
            json!({ "id": id, "type": "next", "payload": { "data": null } })
        );
        let reason = Close::id_in_use(&"é".repeat(64)).reason;
        assert!(reason.len() <= 123, "{reason}");
    }
}
