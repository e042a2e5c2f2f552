//! Every limit that the real program publishes, tried at each of its endpoints: at the limit a request is not refused for it,
//! one beyond it is, in words that say what to do.

use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, run};

/// A request as large as one limit allows, or larger.
type Ask = fn(usize) -> Value;

/// A limit by its published name, a request of a size, and words of the refusal.
const OF_ANY_DOOR: [(&str, Ask, &str); 13] = [
    ("bodyBytes", body_bytes, "Send less at once"),
    (
        "jsonValues",
        |size| query_with("{ __typename }", json!(vec![1; size - 4])),
        "JSON values",
    ),
    (
        "jsonNesting",
        |size| query_with("{ __typename }", nested(size - 2)),
        "nests JSON",
    ),
    (
        "queryBytes",
        |size| query(format!("{{ __typename }}{}", " ".repeat(size - 14))),
        "is longer than",
    ),
    ("tokens", tokens, "tokens"),
    ("bracketNesting", brackets, "nests brackets"),
    (
        "selections",
        |size| query(selections(size)),
        "selections once its fragments",
    ),
    ("selectionDepth", |size| query(chain(size)), "nests selections"),
    (
        "aliases",
        |size| query(format!("{{ a {{ {} }} }}", aliases(size))),
        "aliases",
    ),
    (
        "directives",
        |size| query(format!("{{ __typename {} }}", "@include(if: true) ".repeat(size))),
        "directives",
    ),
    (
        "rootFields",
        |size| query(format!("{{ {} }}", "__typename ".repeat(size))),
        "fields at its root",
    ),
    (
        "rootMutations",
        |size| query(format!("mutation {{ {} }}", "__typename ".repeat(size))),
        "fields at its root",
    ),
    ("depth", |size| query(depth(size)), "too deep"),
];

const COMPLEXITY: &str = "complexity";

const WITHOUT_KEY: &str = "rootFieldsWithoutKey";

const ERRORS: &str = "errors";

fn query(text: String) -> Value {
    json!({ "query": text })
}

fn query_with(text: &str, variable: Value) -> Value {
    json!({ "query": text, "variables": { "a": variable } })
}

fn body_bytes(size: usize) -> Value {
    let empty = query_with("{ __typename }", json!("")).to_string().len();
    query_with("{ __typename }", json!("x".repeat(size - empty)))
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

/// Names that are no fields: 30 are the most at the root, so they stand one level below.
fn tokens(size: usize) -> Value {
    query(format!("{{ a {{ {} }} }}", "b ".repeat(size - 5)))
}

fn brackets(size: usize) -> Value {
    let levels = size - 2;
    query(format!("{{ a(b: {}1{}) }}", "[".repeat(levels), "]".repeat(levels)))
}

/// Two for the query itself, eleven for each time that the fragment is spread, and the rest written out.
fn selections(size: usize) -> String {
    let spreads = (size - 1) / 11 - 1;
    let rest = size - 1 - 11 * spreads;
    let fields = |count: usize| "b ".repeat(count);
    format!(
        "{{ a {{ {} {} }} }} fragment F on A {{ {} }}",
        "...F ".repeat(spreads),
        fields(rest),
        fields(10)
    )
}

/// Fragments that each spread the next: the query's own set, and one level for each.
fn chain(levels: usize) -> String {
    let fragments: String = (1..=levels)
        .map(|level| match level == levels {
            true => format!(" fragment F{level} on Query {{ __typename }}"),
            false => format!(" fragment F{level} on Query {{ ...F{} }}", level + 1),
        })
        .collect();
    format!("{{ ...F1 }}{fragments}")
}

fn aliases(size: usize) -> String {
    (0..size).map(|number| format!("a{number}: b ")).collect()
}

/// Types of types, which is the one thing in a schema that has no end.
fn depth(levels: usize) -> String {
    let inner = levels - 2;
    format!(
        "{{ __type(name: \"Query\") {{ {} kind {} }} }}",
        "ofType { ".repeat(inner),
        "}".repeat(inner)
    )
}

struct Endpoint {
    program: Program,
    path: &'static str,
    key: String,
}

impl Endpoint {
    async fn ask(&self, body: &Value) -> (u16, Value) {
        let request = http_client()
            .post(format!("http://{}{}", self.program.address, self.path))
            .bearer_auth(&self.key)
            .json(body);
        let reply = request.send().await.expect("a reply");
        (reply.status().as_u16(), reply.json().await.expect("with JSON"))
    }

    async fn ask_as_visitor(&self, body: &Value) -> (u16, Value) {
        let url = format!("http://{}{}", self.program.address, self.path);
        let reply = http_client().post(url).json(body).send().await.expect("a reply");
        (reply.status().as_u16(), reply.json().await.expect("with JSON"))
    }

    /// Whether a request is refused in these words.
    async fn refuses(&self, body: &Value, words: &str) -> bool {
        let (status, reply) = self.ask(body).await;
        let messages: Vec<&str> = reply["errors"]
            .as_array()
            .map(|errors| errors.iter().filter_map(|error| error["message"].as_str()).collect())
            .unwrap_or_default();
        let refused = messages.iter().any(|message| message.contains(words));
        if refused {
            assert!(status < 500 && reply["data"].is_null(), "{status} {reply}");
            assert!(reply["errors"][0]["extensions"]["code"].is_string(), "{reply}");
        }
        refused
    }
}

async fn limits_of(program: &Program, endpoint: &str) -> Value {
    let root = http_client()
        .get(format!("http://{}/", program.address))
        .send()
        .await
        .expect("a reply");
    let mut root: Value = root.json().await.expect("with JSON");
    root["limits"][endpoint].take()
}

async fn try_every_limit(endpoint: &Endpoint, limits: &Value, complexity: (&str, &str)) {
    let mut untried: Vec<&String> = limits.as_object().expect("limits by name").keys().collect();
    for (name, ask, words) in OF_ANY_DOOR {
        let limit = limits[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name} is not published: {limits}")) as usize;
        assert!(
            !endpoint.refuses(&ask(limit), words).await,
            "{name}: {limit} are allowed at {}",
            endpoint.path
        );
        assert!(
            endpoint.refuses(&ask(limit + 1), words).await,
            "{name}: more than {limit} at {}",
            endpoint.path
        );
        untried.retain(|untried| *untried != name);
    }
    let (cheap, dear) = complexity;
    assert!(
        !endpoint.refuses(&query(cheap.to_owned()), "too complex").await,
        "{cheap}"
    );
    assert!(endpoint.refuses(&query(dear.to_owned()), "too complex").await, "{dear}");

    if let Some(limit) = limits[WITHOUT_KEY].as_u64() {
        let fields = |count: u64| {
            let fields: String = (0..count).map(|number| format!("a{number}: __typename ")).collect();
            query(format!("{{ {fields} }}"))
        };
        let (_, allowed) = endpoint.ask_as_visitor(&fields(limit)).await;
        assert!(allowed["errors"].is_null(), "{allowed}");
        let (_, refused) = endpoint.ask_as_visitor(&fields(limit + 1)).await;
        let message = refused["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains("Send a key"), "{refused}");
    }

    let most_errors = limits[ERRORS].as_u64().expect("a limit") as usize;
    let unknown: String = (0..most_errors + 10)
        .map(|number| format!("unknown{number} "))
        .collect();
    let (_, reply) = endpoint.ask(&query(format!("{{ {unknown} }}"))).await;
    assert_eq!(reply["errors"].as_array().expect("errors").len(), most_errors);
    assert_eq!(untried, [COMPLEXITY, ERRORS, WITHOUT_KEY], "every limit is tried");
}

#[tokio::test]
async fn customers_are_held_to_every_limit() {
    let database = TestDatabase::create().await;
    run(&database, &["user", "add", "1"]).await;
    let (_, key, _) = run(&database, &["session", "issue", "1"]).await;
    let program = Program::serve(&database, &["--scheduler", "off", "--introspection", "on"]).await;
    let limits = limits_of(&program, "graphql").await;
    assert!(limits["tokens"].as_u64() <= Some(1_000), "{limits}");
    let endpoint = Endpoint {
        program,
        path: "/graphql",
        key: key.trim().to_owned(),
    };
    let row = "id item amount status coinId targetId type createdAt updatedAt businessDay settlesAt";
    let page = |times: usize| {
        let pages: String = (0..times)
            .map(|number| format!("a{number}: awards(first: 100) {{ nodes {{ {row} }} }} "))
            .collect();
        format!("{{ me {{ {pages} }} }}")
    };
    try_every_limit(&endpoint, &limits, (&page(4), &page(5))).await;
    endpoint.program.terminate().await;
}

#[tokio::test]
async fn the_admin_api_is_held_to_every_limit() {
    let database = TestDatabase::create().await;
    let (_, key, _) = run(&database, &["key", "create", "limits", "--scope", "ops-write"]).await;
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let limits = limits_of(&program, "admin").await;
    let endpoint = Endpoint {
        program,
        path: "/admin/graphql",
        key: key.trim().to_owned(),
    };
    let people =
        |events: &str| format!("{{ findUsers(text: \"x\") {{ awards(first: 1) {{ timeline {{ {events} }} }} }} }}");
    let many: String = (0..10).map(|number| format!("e{number}: event ")).collect();
    try_every_limit(&endpoint, &limits, (&people("event"), &people(&many))).await;
    endpoint.program.terminate().await;
}

#[tokio::test]
async fn the_legacy_wire_is_held_to_its_limits() {
    let database = TestDatabase::create().await;
    run(&database, &["user", "add", "1"]).await;
    let (_, key, _) = run(&database, &["session", "issue", "1"]).await;
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let limits = limits_of(&program, "legacy").await;
    let status = async |rest: String| -> Value {
        let body = format!("session_key={}{rest}", key.trim());
        let request = http_client()
            .post(format!("http://{}/customer/get_invitation", program.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let reply: Value = request.send().await.expect("a reply").json().await.expect("with JSON");
        reply["status"].clone()
    };
    let own = format!("session_key={}", key.trim()).len();
    let bytes = limits["bodyBytes"].as_u64().expect("a limit") as usize;
    assert_eq!(status(format!("&a={}", "x".repeat(bytes - own - 3))).await, 1);
    assert_eq!(status(format!("&a={}", "x".repeat(bytes - own - 2))).await, 0);
    let parameters = limits["parameters"].as_u64().expect("a limit") as usize;
    assert_eq!(status("&a=1".repeat(parameters - 1)).await, 1);
    assert_eq!(status("&a=1".repeat(parameters)).await, 0);
    assert_eq!(
        limits.as_object().expect("limits by name").len(),
        2,
        "every limit is tried"
    );
    program.terminate().await;
}
