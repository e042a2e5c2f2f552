//! A server with a tiny schema on a port of its own, and the means to talk to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::{
    Context, EmptySubscription, InputObject, MaybeUndefined, Object, Request, Schema, SchemaBuilder, SimpleObject,
};
use newbee::config::{AccessSettings, Origins};
use newbee::domain::language::Language;
use newbee::http::{
    AuthUnavailable, Authenticator, Endpoints, GraphqlEndpoint, HttpState, ReadinessCheck, RequestInfo, RequestLimits,
    Schemas, ServeLimits, graphql_api, router, serve,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::http_client;

/// Maximum time of one wait in these tests.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const GOOD_KEY: &str = "good-key";

pub const OTHER_GOOD_KEY: &str = "other-good-key";

pub const KEY_OF_A_BROKEN_STORE: &str = "key-that-breaks-the-store";

/// A caller with a good key.
#[derive(Clone, Copy)]
pub struct Viewer {
    pub user_id: i64,
}

/// Signals of the slow field: it was entered, and it may go on.
#[derive(Default)]
pub struct Gate {
    pub entered: Notify,
    pub open: Notify,
}

/// An input whose fields distinguish what is left out.
#[derive(Debug, InputObject)]
pub struct Note {
    text: MaybeUndefined<String>,
    #[graphql(default = 1)]
    times: i32,
    inner: Option<Box<Note>>,
    tags: Option<Vec<Option<String>>>,
}

pub struct Query;

#[Object]
impl Query {
    /// Its arguments as they arrive.
    async fn echo(
        &self,
        note: Option<Note>,
        notes: Option<Vec<Note>>,
        #[graphql(default_with = "Some(String::from(\"me\"))")] to: Option<String>,
    ) -> String {
        let notes: Vec<Note> = note.into_iter().chain(notes.unwrap_or_default()).collect();
        format!("{notes:?} to {to:?}")
    }

    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.as_deref().unwrap_or("world"))
    }

    async fn required(&self, name: String, #[graphql(default = 1)] times: i32) -> String {
        name.repeat(times.try_into().unwrap_or(0))
    }

    async fn viewer(&self, context: &Context<'_>) -> Option<i64> {
        context
            .data_unchecked::<RequestInfo<Viewer>>()
            .caller
            .map(|viewer| viewer.user_id)
    }

    async fn language(&self, context: &Context<'_>) -> &'static str {
        match context.data_unchecked::<RequestInfo<Viewer>>().language {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }

    async fn leaks(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err(async_graphql::Error::new("password of the database is hunter2")))
    }

    async fn panics(&self, #[graphql(default)] zero: i32) -> i32 {
        assert_ne!(zero, 0, "a resolver of the tests panics");
        zero
    }

    /// Fails where it is zero.
    async fn panics_not(&self, zero: i32) -> async_graphql::Result<i32> {
        match zero {
            0 => Err(async_graphql::Error::new("zero")),
            other => Ok(other),
        }
    }

    async fn waits(&self, context: &Context<'_>) -> &'static str {
        let gate = context.data_unchecked::<Arc<Gate>>();
        gate.entered.notify_one();
        gate.open.notified().await;
        "waited"
    }

    async fn big(&self) -> String {
        "x".repeat(4 * 1024 * 1024)
    }

    async fn me(&self) -> Query {
        Query
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn count(&self, context: &Context<'_>) -> usize {
        context
            .data_unchecked::<Arc<AtomicUsize>>()
            .fetch_add(1, Ordering::SeqCst)
            + 1
    }

    async fn tally(&self, context: &Context<'_>) -> Tally {
        let counter = context.data_unchecked::<Arc<AtomicUsize>>();
        let before = counter.fetch_add(1, Ordering::SeqCst);
        Tally {
            before,
            after: before + 1,
        }
    }
}

/// The counter around one execution of a field.
#[derive(SimpleObject)]
struct Tally {
    before: usize,
    after: usize,
}

pub struct FakeSessions;

impl Authenticator for FakeSessions {
    type Caller = Viewer;

    async fn authenticate(&self, key: &str) -> Result<Option<Viewer>, AuthUnavailable> {
        match key {
            GOOD_KEY | OTHER_GOOD_KEY => Ok(Some(Viewer { user_id: 17 })),
            KEY_OF_A_BROKEN_STORE => Err(AuthUnavailable("the database is on fire".to_owned())),
            _ => Ok(None),
        }
    }
}

pub fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
        .limit_depth(20)
        .limit_complexity(5_000)
}

pub fn endpoint(gate: &Arc<Gate>) -> GraphqlEndpoint<FakeSessions> {
    let counter = Arc::new(AtomicUsize::new(0));
    let gate = Arc::clone(gate);
    let schemas = Schemas::new(move || schema().data(Arc::clone(&counter)).data(Arc::clone(&gate)));
    let request_data = |context: RequestInfo<Viewer>, request: Request| request.data(context);
    GraphqlEndpoint::new(schemas, FakeSessions, request_data)
}

pub struct Server {
    pub address: SocketAddr,
    pub gate: Arc<Gate>,
    pub shutdown: CancellationToken,
    pub draining: CancellationToken,
    pub running: JoinHandle<anyhow::Result<()>>,
    pub client: reqwest::Client,
}

impl Server {
    pub async fn start() -> Self {
        Self::with_limits(RequestLimits::default(), ServeLimits::default()).await
    }

    /// A server whose replies may be larger than production's.
    pub async fn with_large_replies() -> Self {
        let limits = RequestLimits {
            reply_bytes: 8 * 1024 * 1024,
            ..RequestLimits::default()
        };
        Self::with_limits(limits, ServeLimits::default()).await
    }

    pub async fn with_limits(requests: RequestLimits, connections: ServeLimits) -> Self {
        Self::with_routes(requests, connections, routes_of).await
    }

    /// A server whose endpoints let in what the settings say.
    pub async fn with_access(access: &AccessSettings) -> Self {
        Self::shared_with(&Origins::None, access).await
    }

    /// A server that pages of other sites may call.
    pub async fn shared_with(origins: &Origins, access: &AccessSettings) -> Self {
        let (requests, connections) = (RequestLimits::default(), ServeLimits::default());
        Self::with(requests, connections, access, origins, routes_of).await
    }

    /// With routes that a test makes of the endpoint.
    pub async fn with_routes(
        requests: RequestLimits,
        connections: ServeLimits,
        routes: impl FnOnce(GraphqlEndpoint<FakeSessions>) -> Endpoints,
    ) -> Self {
        Self::with(
            requests,
            connections,
            &AccessSettings::default(),
            &Origins::None,
            routes,
        )
        .await
    }

    /// With all of these.
    pub async fn with(
        requests: RequestLimits,
        connections: ServeLimits,
        access: &AccessSettings,
        origins: &Origins,
        routes: impl FnOnce(GraphqlEndpoint<FakeSessions>) -> Endpoints,
    ) -> Self {
        let gate = Arc::new(Gate::default());
        let (shutdown, draining) = (CancellationToken::new(), CancellationToken::new());
        let checks = Arc::new(|| {
            let check = ReadinessCheck {
                name: "database",
                outcome: Ok(()),
                degraded: None,
            };
            Box::pin(async move { vec![check] }) as _
        });
        let state = HttpState::new(
            "type Query { hello: String }".to_owned(),
            checks,
            draining.clone(),
            requests,
            access,
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = tokio::spawn(serve(
            listener,
            router(state, routes(endpoint(&gate)), origins),
            shutdown.clone(),
            connections,
        ));
        Self {
            address,
            gate,
            shutdown,
            draining,
            running,
            client: http_client(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn post(&self) -> reqwest::RequestBuilder {
        self.client.post(self.url("/graphql"))
    }

    /// Sends one operation as most clients do.
    pub async fn ask(&self, query: &str) -> Reply {
        Reply::of(self.post().json(&json!({ "query": query }))).await
    }

    /// Waits for the end of a server whose shutdown has begun, and says how long that took.
    pub async fn ended(self) -> Duration {
        let started = std::time::Instant::now();
        tokio::time::timeout(PATIENCE, self.running)
            .await
            .expect("the server ends")
            .unwrap()
            .unwrap();
        started.elapsed()
    }
}

fn routes_of(endpoint: GraphqlEndpoint<FakeSessions>) -> Endpoints {
    Endpoints {
        graphql: graphql_api(Arc::new(endpoint), None),
        ..Endpoints::default()
    }
}

/// A reply with its body read as JSON, which every reply of these paths is.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub json: Value,
}

impl Reply {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.timeout(PATIENCE).send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("the reply has a body");
        let json = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("not JSON: {body:?}"));
        Self { status, headers, json }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn code(&self) -> &str {
        self.json["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
    }

    /// That this is a refusal as the endpoint makes them: status, code, and the same request id in header and body.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.json);
        let request_id = self.json["errors"][0]["extensions"]["requestId"].as_str().unwrap();
        assert_eq!(request_id, self.header("x-request-id"));
        assert!(!request_id.is_empty());
        assert!(
            self.json.get("data").is_none_or(|data| !data.is_null()),
            "request errors have no data: {}",
            self.json
        );
    }
}

/// Sends bytes as they are.
pub async fn raw(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Reads until the server closes.
pub async fn read_to_end(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("the server closes");
    String::from_utf8_lossy(&bytes).into_owned()
}
