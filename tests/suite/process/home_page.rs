//! Pages for people at `/` and at the GraphQL endpoints; programs get JSON there as before.

use newbee::demo::{DEMO_API_KEY, DEMO_USERS};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::Value;

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn get(program: &Program, path: &str, accept: &str, languages: &str) -> Response {
    let client = Client::builder().redirect(Policy::none()).build().expect("a client");
    let request = client
        .get(format!("http://{}{path}", program.address))
        .header("accept", accept)
        .header("accept-language", languages);
    request.send().await.expect("newbee answers")
}

fn header<'a>(reply: &'a Response, name: &str) -> &'a str {
    reply.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn demo(database: &TestDatabase) -> Program {
    let mut demo = newbee();
    demo.arg("demo").envs(database.environment());
    Program::start(demo).await
}

#[tokio::test]
async fn the_start_page_of_the_demo_leads_everywhere() {
    let database = TestDatabase::create().await;
    let program = demo(&database).await;
    let page = get(&program, "/", BROWSER, "en").await;
    assert_eq!(
        (page.status().as_u16(), header(&page, "content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = header(&page, "content-security-policy").to_owned();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!header(&page, "x-request-id").is_empty());
    let page = page.text().await.unwrap();
    for link in ["graphiql/", "admin/graphiql/", "ops/", "schema.graphql"] {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
        let reply = get(&program, &format!("/{link}"), BROWSER, "en").await;
        assert!(
            matches!(reply.status().as_u16(), 200 | 503),
            "{link}: {}",
            reply.status()
        );
    }
    for user in DEMO_USERS {
        assert!(
            page.contains(user.session_key) && page.contains(user.shows),
            "{}",
            user.name
        );
    }
    assert!(page.contains(DEMO_API_KEY) && page.contains(&program.address));
    let foreign = page.matches("http").count() - page.matches(&format!("http://{}", program.address)).count();
    assert_eq!(foreign, page.matches("http://www.w3.org/2000/svg").count());

    let chinese = get(&program, "/", BROWSER, "zh-CN,zh;q=0.9,en;q=0.8")
        .await
        .text()
        .await
        .unwrap();
    assert!(
        chinese.contains("lang=\"zh-CN\"") && chinese.contains("演示用户") && chinese.contains(DEMO_USERS[0].shows_zh)
    );
    let asked = get(&program, "/?lang=en", BROWSER, "zh-CN").await.text().await.unwrap();
    assert!(asked.contains("Demo users"));

    for accept in ["*/*", "application/json"] {
        let reply = get(&program, "/", accept, "en").await;
        let reply: Value = reply.json().await.expect("JSON for programs");
        assert_eq!(reply["service"], "newbee");
    }
    program.terminate().await;
}

#[tokio::test]
async fn the_start_page_lists_the_demo_users_without_a_playground() {
    let database = TestDatabase::create().await;
    let mut demo = newbee();
    demo.args(["demo", "--playground", "off"]).envs(database.environment());
    let program = Program::start(demo).await;
    let page = get(&program, "/", BROWSER, "en").await.text().await.unwrap();
    for user in DEMO_USERS {
        assert!(page.contains(user.session_key), "{}", user.name);
    }
    assert!(page.contains(DEMO_API_KEY) && page.contains("A first query"));
    assert!(!page.contains("graphiql/"), "{page}");
    program.terminate().await;
}

#[tokio::test]
async fn a_browser_at_an_endpoint_is_led_to_its_playground() {
    let database = TestDatabase::create().await;
    let program = demo(&database).await;
    for path in ["/graphql", "/admin/graphql", "/graphql?"] {
        let reply = get(&program, path, BROWSER, "en").await;
        assert_eq!(
            (reply.status().as_u16(), header(&reply, "location")),
            (303, "graphiql/"),
            "{path}"
        );
    }
    let answered = get(&program, "/graphql?query=%7B__typename%7D", BROWSER, "en").await;
    let answered: Value = answered.json().await.expect("JSON");
    assert_eq!(answered["data"]["__typename"], "Query");
    let program_asks = get(&program, "/graphql", "application/json", "en").await;
    assert_eq!(program_asks.status(), 400);
    program.terminate().await;

    let closed = Program::serve(&database, &["--scheduler", "off"]).await;
    for (path, start) in [("/graphql", "./"), ("/admin/graphql", "../")] {
        let reply = get(&closed, path, BROWSER, "en").await;
        assert_eq!(
            (reply.status().as_u16(), header(&reply, "content-type")),
            (400, "text/html; charset=utf-8")
        );
        let page = reply.text().await.unwrap();
        assert!(
            page.contains("--playground on") && page.contains(&format!("href=\"{start}\"")),
            "{page}"
        );
    }
    let start = get(&closed, "/", BROWSER, "en").await.text().await.unwrap();
    assert!(
        start.contains("href=\"ops/\"") && !start.contains("graphiql/") && !start.contains("demo-session"),
        "{start}"
    );
    assert!(!start.contains("schema.graphql"), "introspection is off");
    closed.terminate().await;
}
