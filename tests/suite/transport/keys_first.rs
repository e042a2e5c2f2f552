//! Endpoints that require a key: a request without a valid key takes no place, and its body is not read.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request;
use newbee::http::{
    AuthUnavailable, Authenticator, Endpoints, GraphqlEndpoint, RequestInfo, RequestLimits, Schemas, ServeLimits,
    graphql_api,
};
use newbee::messages::Message;
use tokio::sync::Notify;

use crate::transport::support::{GOOD_KEY, Gate, PATIENCE, Reply, Server, Viewer, raw, read_to_end, schema};

const HELLO: &str = r#"{"query":"{ hello }"}"#;

/// Keys that are needed; invented ones are looked up without an end where that is asked for.
struct ApiKeys {
    stuck: Option<Arc<Notify>>,
}

impl Authenticator for ApiKeys {
    type Caller = Viewer;

    const MISSING_KEY: Option<Message> = Some(Message::ApiKeyNeeded);

    async fn authenticate(&self, key: &str) -> Result<Option<Viewer>, AuthUnavailable> {
        match (key, &self.stuck) {
            (GOOD_KEY, _) => Ok(Some(Viewer { user_id: 17 })),
            (_, Some(never)) => {
                never.notified().await;
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

async fn server(stuck: Option<Arc<Notify>>, limits: RequestLimits) -> Server {
    Server::with_routes(RequestLimits::default(), ServeLimits::default(), |_door| {
        let gate = Arc::new(Gate::default());
        let schemas = Schemas::new(move || schema().data(Arc::clone(&gate)));
        let endpoint = GraphqlEndpoint::new(
            schemas,
            ApiKeys { stuck },
            |context: RequestInfo<Viewer>, request: Request| request.data(context),
        );
        Endpoints {
            graphql: graphql_api(Arc::new(endpoint), Some(limits)),
            ..Endpoints::default()
        }
    })
    .await
}

fn invented(number: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer invented-{number}\r\ncontent-type: application/json\r\n\
         content-length: 4000000\r\n\r\n{{"
    )
}

async fn ask(server: &Server) -> Reply {
    let request = server
        .post()
        .bearer_auth(GOOD_KEY)
        .header("content-type", "application/json");
    Reply::of(request.body(HELLO)).await
}

#[tokio::test]
async fn invented_keys_are_refused_before_a_place_or_a_byte_is_taken() {
    let limits = RequestLimits {
        open_requests: 1,
        ..RequestLimits::default()
    };
    let server = server(None, limits).await;
    let mut slow = Vec::new();
    for number in 0..10 {
        slow.push(raw(&server, invented(number).as_bytes()).await);
        assert_eq!(ask(&server).await.status, 200);
    }
    for stream in slow {
        // The body never comes, and need not.
        let reply = tokio::time::timeout(PATIENCE, async {
            let mut start = [0; 12];
            let mut stream = stream;
            tokio::io::AsyncReadExt::read_exact(&mut stream, &mut start)
                .await
                .unwrap();
            String::from_utf8_lossy(&start).into_owned()
        });
        assert_eq!(reply.await.expect("an answer"), "HTTP/1.1 401");
    }
    let without = read_to_end(
        raw(
            &server,
            b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 9\r\n\r\n",
        )
        .await,
    );
    assert!(without.await.starts_with("HTTP/1.1 401 "));
}

#[tokio::test]
async fn lookups_of_invented_keys_that_hang_do_not_keep_good_ones_out() {
    let never = Arc::new(Notify::new());
    let server = server(Some(Arc::clone(&never)), RequestLimits::default()).await;
    assert_eq!(ask(&server).await.status, 200);
    let mut slow = Vec::new();
    for number in 0..300 {
        slow.push(raw(&server, invented(number).as_bytes()).await);
    }
    // The key is known to be good by now, so it does not wait behind them.
    for _ in 0..3 {
        let asked = tokio::time::timeout(Duration::from_secs(4), ask(&server));
        assert_eq!(asked.await.expect("at once").status, 200);
    }
    drop(slow);
}
