//! A host application that receives webhooks over real HTTP.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use newbee::service::webhooks::signature::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub id: String,
    pub at: i64,
    pub signatures: Vec<String>,
    pub body: Bytes,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub fn changes(&self) -> Vec<Value> {
        self.json()["data"]["changes"].as_array().expect("a list").clone()
    }

    /// The signature that a secret gives, computed from what came.
    pub fn signature_with(&self, secret: &str) -> String {
        let secret = BASE64
            .decode(secret.strip_prefix("whsec_").expect("a secret").as_bytes())
            .unwrap();
        let at = chrono::DateTime::from_timestamp(self.at, 0).unwrap();
        sign(&[&secret], &self.id, at, &self.body)
    }
}

#[derive(Default)]
struct Book {
    received: Vec<Received>,
    /// Statuses of the next replies; 200 when there are no more.
    replies: VecDeque<u16>,
    holds: bool,
}

/// The receiver; it ends on drop.
pub struct Receiver {
    pub url: String,
    book: Arc<Mutex<Book>>,
    came: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let (book, came) = (Arc::<Mutex<Book>>::default(), Arc::<Notify>::default());
        let router = Router::new()
            .fallback(receive)
            .with_state((Arc::clone(&book), Arc::clone(&came)));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, book, came, task }
    }

    /// Replies with these statuses next, and with 200 afterwards.
    pub fn reply_with(&self, statuses: impl IntoIterator<Item = u16>) {
        self.book.lock().unwrap().replies = statuses.into_iter().collect();
    }

    /// Takes requests without replying, or replies again.
    pub fn hold(&self, holds: bool) {
        self.book.lock().unwrap().holds = holds;
    }

    /// Everything that came since the last call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.book.lock().unwrap().received)
    }

    /// Waits until a request has come.
    pub async fn came(&self) {
        self.came.notified().await;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(
    State((book, came)): State<(Arc<Mutex<Book>>, Arc<Notify>)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let received = Received {
        path: uri.path().to_owned(),
        id: header(ID_HEADER),
        at: header(TIMESTAMP_HEADER).parse().unwrap(),
        signatures: header(SIGNATURE_HEADER).split(' ').map(str::to_owned).collect(),
        body,
    };
    let (status, holds) = {
        let mut book = book.lock().unwrap();
        book.received.push(received);
        (book.replies.pop_front().unwrap_or(200), book.holds)
    };
    came.notify_one();
    if holds {
        std::future::pending::<()>().await;
    }
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::LOCATION, "/elsewhere")], "thanks").into_response()
}
