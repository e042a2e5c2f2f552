//! Live updates: every change arrives, in order and once, also after interruptions.

mod changes;
mod clients;
mod events;
mod interruptions;
mod settle_awards;
mod sockets;
mod sse;

use chrono::TimeDelta;
use newbee::config::AccessSettings;
use newbee::http::{LiveLimits, RequestLimits, ServeLimits};
use serde_json::{Value, json};

use crate::support::PATIENCE;
use crate::support::app::{Server, TestApp};
use crate::support::http_client;

/// The subscription of most tests.
const FOLLOW: &str = "subscription($after: String) { awardChanged(after: $after) { id item status changeCursor } }";

/// A server of the app with limits of its own, beside the app's.
async fn serve(app: &TestApp, live: LiveLimits) -> Server {
    let limits = RequestLimits {
        live,
        ..RequestLimits::default()
    };
    Server::start(&app.app, limits, &AccessSettings::default(), ServeLimits::default()).await
}

/// A stream of events that is read by hand.
pub struct Following {
    response: reqwest::Response,
    text: String,
}

impl Following {
    /// Follows the awards of a key's user, from now on or after a cursor. It has begun when this returns.
    pub async fn begin(url: &str, key: &str, after: Option<&str>) -> Self {
        let mut following = Self::send(url, Some(key), FOLLOW, json!({ "after": after })).await;
        following.text = following.more().await.expect("it begins with a comment");
        assert!(following.text.starts_with(":\n\n"), "{}", following.text);
        following
    }

    async fn send(url: &str, key: Option<&str>, query: &str, variables: Value) -> Self {
        let mut request = http_client()
            .post(url)
            .header("Accept", "text/event-stream")
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "private, no-store");
        Self {
            response,
            text: String::new(),
        }
    }

    async fn more(&mut self) -> Option<String> {
        let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
        let chunk = chunk
            .await
            .expect("something comes in time")
            .expect("the stream goes on");
        chunk.map(|bytes| String::from_utf8(bytes.to_vec()).expect("text"))
    }

    /// The next event, with its name and its data; `None` at the end.
    async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if block.starts_with(':') {
                    continue;
                }
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_else(|| panic!("no {name} in {block}"))
                        .trim_start()
                        .to_owned()
                };
                let data = field("data:");
                let data = if data.is_empty() {
                    Value::Null
                } else {
                    serde_json::from_str(&data).expect("JSON")
                };
                return Some((field("event:"), data));
            }
            let more = self.more().await?;
            self.text.push_str(&more);
        }
    }

    /// The award of the next event.
    pub async fn award(&mut self) -> Value {
        let (name, mut data) = self.event().await.expect("it goes on");
        assert_eq!(name, "next", "{data}");
        assert!(data["errors"].is_null(), "{data}");
        data["data"]["awardChanged"].take()
    }

    /// Whatever comes until the connection breaks: a reply that ends as it should is a failure.
    async fn until_it_breaks(mut self) -> Vec<String> {
        loop {
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            match chunk.await.expect("an end in time") {
                Ok(Some(bytes)) => self.text.push_str(std::str::from_utf8(&bytes).expect("text")),
                Ok(None) => panic!("the stream ended as if it were complete: {}", self.text),
                Err(_) => break,
            }
        }
        let blocks = self.text.split("\n\n").map(str::to_owned);
        blocks.filter(|block| !block.is_empty() && block != ":").collect()
    }

    /// Whatever comes until the end.
    async fn rest(mut self) -> Vec<(String, Value)> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        events
    }
}

fn text<'a>(award: &'a Value, field: &str) -> &'a str {
    award[field].as_str().expect("a text")
}

/// Signs in over the app's own server; the award's id.
async fn sign_in(app: &TestApp, key: &str) -> String {
    let reply = app
        .reply(Some(key), "mutation { signInToday { award { id } } }", json!({}))
        .await;
    text(&reply["data"]["signInToday"]["award"], "id").to_owned()
}

/// Lets everything that is pending be settled.
async fn settle(app: &TestApp) {
    app.run_due_jobs().await;
    app.clock.advance(TimeDelta::minutes(1));
    app.run_due_jobs().await;
}
