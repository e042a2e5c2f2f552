//! The playground: every ready tab runs as it is, demo keys are listed in the demo only, and `serve` has it off.

use std::path::{Path, PathBuf};

use newbee::demo::{DEMO_API_KEY, DEMO_USERS};
use newbee::web::playground::POLICY;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};
use crate::support::{PATIENCE, wait_until};

const TABS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/playground/tabs");

/// A ready tab as its files have it.
struct Tab {
    name: String,
    query: String,
    /// Its comment in Chinese.
    chinese: String,
    variables: Value,
}

impl Tab {
    /// The tabs of an API, in their order.
    fn all(api: &str) -> Vec<Self> {
        let folder = Path::new(TABS).join(api);
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .expect("the folder of tabs")
            .map(|entry| entry.expect("a file").path())
            .collect();
        files.sort();
        for file in &files {
            let stem = file
                .file_name()
                .unwrap()
                .to_string_lossy()
                .split('.')
                .next()
                .unwrap()
                .to_owned();
            for ending in ["graphql", "zh.txt"] {
                let beside = folder.join(format!("{stem}.{ending}"));
                assert!(files.contains(&beside), "{} is missing", beside.display());
            }
        }
        let queries = files
            .iter()
            .filter(|file| file.extension().is_some_and(|ending| ending == "graphql"));
        queries
            .map(|file| Self {
                name: file.file_name().unwrap().to_string_lossy().into_owned(),
                query: std::fs::read_to_string(file).unwrap(),
                chinese: std::fs::read_to_string(file.with_extension("zh.txt")).unwrap(),
                variables: match std::fs::read_to_string(file.with_extension("json")) {
                    Ok(text) => serde_json::from_str(&text).expect("variables are JSON"),
                    Err(_) => json!({}),
                },
            })
            .collect()
    }

    /// The session key of the demo user whom the comment names.
    fn key(&self) -> &'static str {
        let name = self.query.lines().find_map(|line| line.strip_prefix("# As: "));
        let name = name.unwrap_or_else(|| panic!("{} names nobody", self.name));
        let user = DEMO_USERS.iter().find(|user| user.name == name);
        user.unwrap_or_else(|| panic!("{} names {name}, who is no demo user", self.name))
            .session_key
    }

    fn is_subscription(&self) -> bool {
        self.query.lines().any(|line| line.starts_with("subscription "))
    }

    /// Its first line is a title and what it is about, for the list of tabs; more lines teach.
    fn assert_teaches(&self) {
        let comment: Vec<_> = self.query.lines().take_while(|line| line.starts_with('#')).collect();
        let titled = comment[0].strip_prefix("# ").and_then(|line| line.split_once(": "));
        assert!(titled.is_some() && comment.len() >= 3, "{}: {comment:?}", self.name);
        let (title, about) = self
            .chinese
            .lines()
            .next()
            .unwrap()
            .split_once('：')
            .expect("a title in Chinese");
        assert!(
            !title.is_ascii() && !about.is_ascii() && !self.chinese.contains('#'),
            "{}",
            self.name
        );
    }

    async fn run(&self, address: &str, path: &str, key: &str) -> Value {
        let body = json!({ "query": self.query, "variables": self.variables });
        let request = Client::new()
            .post(format!("http://{address}{path}"))
            .bearer_auth(key)
            .json(&body);
        let reply = request.send().await.expect("newbee answers");
        let (status, reply): (u16, Value) = (reply.status().as_u16(), reply.json().await.expect("with JSON"));
        assert!(
            status == 200 && reply["errors"].is_null(),
            "{}: {status} {reply:#}",
            self.name
        );
        reply
    }
}

/// Problems that a reply reports, at any depth.
fn complaints(reply: &Value) -> Vec<&Value> {
    match reply {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("userErrors" | "problems", Value::Array(entries)) => entries.iter().collect(),
                ("refused", Value::Array(entries)) => entries.iter().collect(),
                ("refused", Value::Object(_)) => vec![value],
                _ => complaints(value),
            })
            .collect(),
        Value::Array(entries) => entries.iter().flat_map(complaints).collect(),
        _ => Vec::new(),
    }
}

async fn demo(database: &TestDatabase) -> Program {
    let mut demo = newbee();
    demo.arg("demo").envs(database.environment());
    Program::start(demo).await
}

#[tokio::test]
async fn every_ready_tab_runs_without_an_edit() {
    let database = TestDatabase::create().await;
    let program = demo(&database).await;
    let mut ran = 0;
    for tab in Tab::all("customer").iter().filter(|tab| !tab.is_subscription()) {
        tab.assert_teaches();
        let first = tab.run(&program.address, "/graphql", tab.key()).await;
        assert!(complaints(&first).is_empty(), "{}: {first:#}", tab.name);
        // Again it may say that it was done before, but nothing fails.
        tab.run(&program.address, "/graphql", tab.key()).await;
        ran += 1;
    }
    for tab in Tab::all("admin") {
        tab.assert_teaches();
        let first = tab.run(&program.address, "/admin/graphql", DEMO_API_KEY).await;
        assert!(complaints(&first).is_empty(), "{}: {first:#}", tab.name);
        tab.run(&program.address, "/admin/graphql", DEMO_API_KEY).await;
        ran += 1;
    }
    assert!(ran >= 20, "only {ran} tabs were found");
    program.terminate().await;
}

#[tokio::test]
async fn the_live_tab_shows_what_another_tab_does() {
    let database = TestDatabase::create().await;
    let program = demo(&database).await;
    let tabs = Tab::all("customer");
    let live = tabs.iter().find(|tab| tab.is_subscription()).expect("a live tab");
    live.assert_teaches();
    let mut events = Client::new()
        .post(program.url())
        .bearer_auth(live.key())
        .header("accept", "text/event-stream")
        .json(&json!({ "query": live.query, "variables": live.variables }))
        .send()
        .await
        .expect("newbee answers");
    assert_eq!(header(&events, "content-type"), "text/event-stream; charset=utf-8");

    let sign_in = tabs
        .iter()
        .find(|tab| tab.query.contains("signInToday {"))
        .expect("the tab of the sign-in");
    assert_eq!(sign_in.key(), live.key(), "the two tabs are for one user");
    let reply = sign_in.run(&program.address, "/graphql", live.key()).await;
    let award = reply["data"]["signInToday"]["award"]["id"].as_str().expect("an award");
    let mut told = String::new();
    while !told.contains(award) {
        let more = tokio::time::timeout(PATIENCE, events.chunk()).await.expect("an event");
        told.push_str(&String::from_utf8_lossy(&more.unwrap().expect("the stream goes on")));
    }
    assert!(told.contains("awardChanged") && !told.contains("errors"), "{told}");
    drop(events);
    program.terminate().await;
}

async fn get(program: &Program, path: &str, accept_encoding: &str) -> Response {
    let url = format!("http://{}{path}", program.address);
    let request = Client::new().get(url).header("accept-encoding", accept_encoding);
    request.send().await.expect("newbee answers")
}

fn header<'a>(reply: &'a Response, name: &str) -> &'a str {
    reply.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn settings(program: &Program, path: &str) -> Value {
    let reply = get(program, path, "identity").await;
    assert_eq!(header(&reply, "cache-control"), "no-cache");
    reply.json().await.expect("JSON")
}

#[tokio::test]
async fn the_demo_serves_it_with_its_public_keys() {
    let database = TestDatabase::create().await;
    let program = demo(&database).await;
    let customer = settings(&program, "/graphiql/settings.json").await;
    assert_eq!(customer["environment"], "demo");
    assert_eq!(customer["users"].as_array().unwrap().len(), DEMO_USERS.len());
    assert_eq!(customer["users"][0]["key"], DEMO_USERS[0].session_key);
    assert!(customer["apiKey"].is_null(), "customers' pages have no API key");
    let admin = settings(&program, "/admin/graphiql/settings.json").await;
    assert_eq!((&admin["users"], &admin["apiKey"]), (&json!([]), &json!(DEMO_API_KEY)));

    // tests/run has built it; else the demo does, with the npm registry.
    wait_until("the playground is built", async || {
        get(&program, "/graphiql/", "identity").await.status() == 200
    })
    .await;
    let index = get(&program, "/graphiql/", "identity").await;
    assert_eq!(header(&index, "content-security-policy"), POLICY);
    let page = index.text().await.unwrap();
    let script = page
        .split("src=\"./")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("the script");
    for path in [format!("/graphiql/{script}"), format!("/admin/graphiql/{script}")] {
        let reply = get(&program, &path, "gzip, br").await;
        assert_eq!(header(&reply, "content-encoding"), "br");
        assert_eq!(header(&reply, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header(&reply, "content-type"), "text/javascript; charset=utf-8");
    }
    program.terminate().await;
}

#[tokio::test]
async fn serve_has_it_only_when_asked_and_then_no_keys() {
    let database = TestDatabase::create().await;
    let without = Program::serve(&database, &[]).await;
    for path in ["/graphiql/", "/graphiql", "/admin/graphiql/", "/graphiql/settings.json"] {
        let reply = get(&without, path, "identity").await;
        assert_eq!(reply.status(), 404);
        let reply: Value = reply.json().await.expect("the usual refusal");
        assert_eq!(reply["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }
    without.terminate().await;

    let with = Program::serve(&database, &["--playground", "on"]).await;
    for path in ["/graphiql/settings.json", "/admin/graphiql/settings.json"] {
        assert_eq!(
            settings(&with, path).await,
            json!({ "environment": "serve", "users": [], "apiKey": null })
        );
    }
    with.terminate().await;
}

#[tokio::test]
async fn the_demo_may_go_without() {
    let database = TestDatabase::create().await;
    let mut command = newbee();
    command
        .args(["demo", "--playground", "off"])
        .envs(database.environment());
    let program = Program::start(command).await;
    assert_eq!(get(&program, "/graphiql/", "identity").await.status(), 404);
    assert!(!program.output().contains("/graphiql/"));
    program.terminate().await;
}
