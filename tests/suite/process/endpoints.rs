//! Introspection of the real program, and its metrics of rejected requests.

use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, run};

const INTROSPECTION: &str = include_str!("../../../src/http/graphql/guard/introspection.graphql");

/// Reply to a client that may introspect the schema.
const SUGGESTION: &str = "Did you mean";

const MISSPELT: [&str; 3] = [
    "{ reservatoin(key: \"a\") { count } }",
    "{ clock { timeZnoe } }",
    "{ previewInvitation(cde: \"a\") { canBind } }",
];

async fn get(program: &Program, path: &str) -> (u16, String) {
    let reply = http_client()
        .get(format!("http://{}{path}", program.address))
        .send()
        .await
        .expect("a reply");
    (reply.status().as_u16(), reply.text().await.expect("text"))
}

fn message(reply: &Value) -> &str {
    reply["errors"][0]["message"].as_str().expect("a message")
}

#[tokio::test]
async fn serve_keeps_its_schema_to_itself_unless_told_otherwise() {
    let database = TestDatabase::create().await;
    let closed = Program::serve(&database, &["--scheduler", "off"]).await;
    for query in [
        INTROSPECTION,
        "{ __type(name: \"Query\") { name } }",
        "{ a: __schema { queryType { name } } }",
        "{ ...F } fragment F on Query { __schema { queryType { name } } }",
        "query A { clock { timeZone } } query B { __schema { queryType { name } } }",
    ] {
        let (_, reply) = closed.ask(None, query).await;
        assert_eq!(reply["data"], Value::Null, "{query}: {reply}");
        assert_eq!(reply["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(
            reply["errors"][0]["extensions"]["validationErrorCode"], "INTROSPECTION_DISABLED",
            "{reply}"
        );
        assert!(message(&reply).contains("NEWBEE_INTROSPECTION=on"), "{reply}");
    }
    let (_, names) = closed.ask(None, "{ __typename clock { __typename } }").await;
    assert_eq!(
        names,
        json!({ "data": { "__typename": "Query", "clock": { "__typename": "Clock" } } })
    );
    for misspelt in MISSPELT {
        let (_, reply) = closed.ask(None, misspelt).await;
        assert!(reply.to_string().contains("Unknown"), "{reply}");
        assert!(!reply.to_string().contains(SUGGESTION), "{reply}");
    }
    let (status, text) = get(&closed, "/schema.graphql").await;
    assert_eq!(status, 404);
    assert!(
        text.contains("NOT_FOUND") && text.contains("Introspection is disabled"),
        "{text}"
    );
    closed.terminate().await;

    let open = Program::serve(&database, &["--scheduler", "off", "--introspection", "on"]).await;
    let (_, reply) = open.ask(None, INTROSPECTION).await;
    assert_eq!(reply["data"]["__schema"]["queryType"]["name"], "Query");
    for misspelt in MISSPELT {
        let (_, reply) = open.ask(None, misspelt).await;
        assert!(reply.to_string().contains(SUGGESTION), "{reply}");
    }
    let (status, text) = get(&open, "/schema.graphql").await;
    assert_eq!(
        (status, text),
        (200, std::fs::read_to_string("schema.graphql").unwrap())
    );
    open.terminate().await;
}

#[tokio::test]
async fn the_admin_api_shows_its_schema_to_whoever_has_a_key() {
    let database = TestDatabase::create().await;
    let (_, key, _) = run(&database, &["key", "create", "ops", "--scope", "ops-read"]).await;
    let key = key.trim().to_owned();
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let ask = async |query: &str| -> Value {
        let request = http_client()
            .post(format!("http://{}/admin/graphql", program.address))
            .bearer_auth(&key)
            .json(&json!({ "query": query }));
        request.send().await.expect("a reply").json().await.expect("with JSON")
    };
    let reply = ask(INTROSPECTION).await;
    assert_eq!(reply["data"]["__schema"]["queryType"]["name"], "Query", "{reply}");
    let reply = ask("{ viewre { name } }").await;
    assert!(message(&reply).contains("\"viewer\""), "{reply}");
    program.terminate().await;
}

#[tokio::test]
async fn the_real_program_limits_the_peers_address_and_counts_it() {
    let database = TestDatabase::create().await;
    let rates = [
        "--scheduler",
        "off",
        "--address-rate",
        "30/1day",
        "--session-rate",
        "2/1day",
    ];
    let program = Program::serve(&database, &[&rates[..], &["--metrics-listen", "127.0.0.1:0"]].concat()).await;
    let mut statuses = Vec::new();
    for number in 0..4 {
        statuses.push(program.ask(Some(&format!("guess-{number}")), "{ __typename }").await.0);
    }
    assert_eq!(statuses, [401, 401, 401, 429]);
    loop {
        let (status, reply) = program.ask(None, "{ __typename }").await;
        if status == 429 {
            assert_eq!(reply["errors"][0]["extensions"]["code"], "RATE_LIMITED");
            break;
        }
        statuses.push(status);
        assert!(statuses.len() <= 30, "{statuses:?}");
    }
    assert_eq!(statuses.len(), 30, "every request of the address counted once");
    let log = program.log();
    let (_, rest) = log.split_once("\"metrics_address\":\"").expect("where metrics are");
    let metrics = format!("http://{}/metrics", rest.split('"').next().unwrap());
    let text = http_client().get(metrics).send().await.unwrap().text().await.unwrap();
    for line in [
        "newbee_rate_limited_total{kind=\"address\"} 1",
        "newbee_rate_limited_total{kind=\"new_key\"} 1",
        "newbee_rate_limited_total{kind=\"session\"} 0",
        "newbee_rate_limited_total{kind=\"api_key\"} 0",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    program.terminate().await;
}
