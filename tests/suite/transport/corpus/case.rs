//! One malformed request, as the bytes that are sent.

/// The keys with which a request gets past the endpoints.
pub struct Keys {
    pub session: String,
    pub admin: String,
}

/// Bytes for one connection.
pub struct Case {
    /// The generator that made it, for the report.
    pub kind: &'static str,
    pub bytes: Vec<u8>,
    pub end: End,
}

/// End of the sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is a whole request that asks for the connection to be closed: an answer is owed.
    Whole,
    /// It may be less or more than one: our half of the connection is closed, and whatever comes is looked at.
    Anyhow,
}

/// Where requests go.
pub const ENDPOINTS: [&str; 3] = ["/graphql", "/admin/graphql", "/customer/get_invitation"];

/// A request that HTTP understands, whatever is in it.
pub struct Http {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Http {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A POST of JSON with the key of its endpoint.
    pub fn post_json(target: &str, keys: &Keys, body: impl Into<Vec<u8>>) -> Self {
        let key = if target.starts_with("/admin") {
            &keys.admin
        } else {
            &keys.session
        };
        Self::new("POST", target)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(body)
    }

    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Its head and body.
    fn bytes(&self, closes: bool, says_length: bool) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: newbee.example\r\n", self.method, self.target).into_bytes();
        let mut line = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        };
        for (name, value) in &self.headers {
            line(name, value);
        }
        if closes {
            line("connection", b"close");
        }
        if says_length {
            line("content-length", self.body.len().to_string().as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The whole of it, which must be answered.
    pub fn whole(self, kind: &'static str) -> Case {
        Case {
            kind,
            bytes: self.bytes(true, true),
            end: End::Whole,
        }
    }

    /// Only its headers and bytes as they are: the length is among the headers, or is not said.
    pub fn anyhow(self, kind: &'static str) -> Case {
        Case {
            kind,
            bytes: self.bytes(true, false),
            end: End::Anyhow,
        }
    }
}

/// The body of a GraphQL request; `variables` are JSON, well formed or not.
pub fn graphql(query: &str, variables: &str) -> String {
    format!(
        "{{\"query\":{},\"variables\":{variables}}}",
        serde_json::Value::from(query)
    )
}
