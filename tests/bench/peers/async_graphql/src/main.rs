//! The benchmark's API as a Rust user would write it: axum, async-graphql, one set of its DataLoaders per request, and
//! tokio-postgres.
//!
//! Environment: PORT, PGHOST, PGPORT, PGUSER and PGDATABASE; THREADS, CONNECTIONS to Postgres, and DELAY_MICROS, the time
//! that a loader waits for further keys.

mod database;
mod loaders;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::DataLoader;
use async_graphql::{EmptySubscription, Request, Schema};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::ListenerExt;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use database::Database;
use loaders::Loaders;
use schema::{KeyHash, Mutation, Query};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Clone)]
struct Server {
    schema: Schema<Query, Mutation, EmptySubscription>,
    database: Arc<Database>,
    delay: Duration,
}

fn main() {
    let mut runtime = match number("THREADS") {
        1 => Builder::new_current_thread(),
        threads => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(threads as usize);
            builder
        }
    };
    runtime.enable_all().build().expect("a runtime").block_on(serve());
}

async fn serve() {
    let database = Arc::new(Database::connect(number("CONNECTIONS")).await);
    let server = Server {
        schema: Schema::build(Query, Mutation, EmptySubscription)
            .data(Arc::clone(&database))
            .finish(),
        database,
        delay: Duration::from_micros(number("DELAY_MICROS")),
    };
    let router = Router::new().route("/graphql", post(graphql)).with_state(server);
    let listener = TcpListener::bind(("127.0.0.1", number("PORT") as u16))
        .await
        .expect("a free port");
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, router).await.expect("it serves");
}

async fn graphql(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let reply = match serde_json::from_slice::<Request>(&body) {
        Ok(request) => {
            let loaders = DataLoader::new(Loaders(server.database), tokio::spawn).delay(server.delay);
            let request = request
                .data(KeyHash(key.map(|key| Sha256::digest(key).into())))
                .data(loaders);
            serde_json::to_vec(&server.schema.execute(request).await).expect("a response is JSON")
        }
        Err(_) => br#"{"errors":[{"message":"bad request"}]}"#.to_vec(),
    };
    ([(header::CONTENT_TYPE, "application/json")], reply)
}

fn number(variable: &str) -> u64 {
    let value = std::env::var(variable).ok().and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("{variable} is a number"))
}
