//! The admin API on an address of its own: the public address does not know its paths.

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee, run, serve};

const OPERATORS: [&str; 4] = ["/admin/graphql", "/ops/", "/ops", "/admin/graphiql/"];
const CUSTOMERS: [&str; 6] = [
    "/graphql",
    "/customer/sign_in",
    "/customer",
    "/schema.graphql",
    "/openapi.yaml",
    "/graphiql/",
];

fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().expect("a client")
}

async fn get(address: &str, path: &str) -> Response {
    let request = client().get(format!("http://{address}{path}"));
    request.send().await.expect("newbee answers")
}

async fn statuses(address: &str, paths: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in paths {
        statuses.push(get(address, path).await.status().as_u16());
    }
    statuses
}

fn admin_address(program: &Program) -> String {
    let log = program.log();
    let (_, rest) = log
        .split_once("\"admin_address\":\"")
        .expect("where the admin API listens");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_address_serves_its_own_paths_and_lists_them() {
    let database = TestDatabase::create().await;
    let (_, key, _) = run(&database, &["key", "create", "ops", "--scope", "ops-read"]).await;
    let mut command = serve(&database, &["--scheduler", "off", "--playground", "on"]);
    command.env("NEWBEE_ADMIN_LISTEN", "127.0.0.1:0");
    let program = Program::start(command).await;
    let (public, admin) = (program.address.clone(), admin_address(&program));
    assert_ne!(public, admin);

    assert_eq!(statuses(&public, &OPERATORS).await, [404; 4]);
    assert_eq!(statuses(&admin, &CUSTOMERS).await, [404; 6]);
    for (address, paths) in [(&public, &CUSTOMERS[..]), (&admin, &OPERATORS)] {
        assert!(!statuses(address, paths).await.contains(&404), "{address} {paths:?}");
        assert_eq!(statuses(address, &["/", "/healthz", "/readyz"]).await, [200; 3]);
    }
    let ask = |address: &str| {
        let request = client().post(format!("http://{address}/admin/graphql"));
        request
            .bearer_auth(key.trim())
            .json(&json!({ "query": "{ viewer { name } }" }))
            .send()
    };
    let reply: Value = ask(&admin).await.unwrap().json().await.unwrap();
    assert_eq!(reply["data"]["viewer"]["name"], "ops", "{reply}");
    let refused = ask(&public).await.unwrap();
    assert_eq!(refused.status(), 404);
    let refused: Value = refused.json().await.unwrap();
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("/graphql") && !message.contains("/admin"), "{message}");

    let listed: Value = get(&public, "/").await.json().await.unwrap();
    assert_eq!(
        listed["endpoints"],
        json!({
            "graphql": "/graphql", "legacy": "/customer/<method>", "schema": "/schema.graphql",
            "openapi": "/openapi.yaml", "alive": "/healthz", "ready": "/readyz"
        })
    );
    assert!(
        listed["limits"]["graphql"].is_object() && listed["limits"]["admin"].is_null(),
        "{listed}"
    );
    let listed: Value = get(&admin, "/").await.json().await.unwrap();
    assert_eq!(
        listed["endpoints"],
        json!({ "admin": "/admin/graphql", "ops": "/ops/", "alive": "/healthz", "ready": "/readyz" })
    );
    assert!(
        listed["limits"]["graphql"].is_null() && listed["limits"]["admin"].is_object(),
        "{listed}"
    );

    for (address, present, absent) in [
        (&public, "href=\"graphiql/\"", "href=\"ops/\""),
        (&admin, "href=\"ops/\"", "href=\"graphiql/\""),
    ] {
        let page = client().get(format!("http://{address}/")).header("accept", "text/html");
        let page = page.send().await.unwrap().text().await.unwrap();
        assert!(page.contains(present) && !page.contains(absent), "{page}");
    }
    program.terminate().await;
    for address in [public, admin] {
        assert!(
            client().get(format!("http://{address}/healthz")).send().await.is_err(),
            "{address} is closed"
        );
    }
}

#[tokio::test]
async fn an_admin_address_in_use_is_named_and_the_demo_stays_on_this_machine() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = async |command: &str, address: &str| {
        let output = newbee()
            .args([command, "--listen", "127.0.0.1:0", "--admin-listen", address])
            .env("DATABASE_URL", "postgres://newbee@127.0.0.1:1/nowhere")
            .output()
            .await
            .expect("newbee runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, text) = said("serve", &address).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains(&address) && text.contains("--admin-listen or NEWBEE_ADMIN_LISTEN"),
        "{text}"
    );
    let (code, text) = said("serve", "9000").await;
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("NEWBEE_ADMIN_LISTEN (or --admin-listen): expected"),
        "{text}"
    );
    let (code, text) = said("demo", "0.0.0.0:0").await;
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("NEWBEE_ADMIN_LISTEN (or --admin-listen): 0.0.0.0:0 can be reached"),
        "{text}"
    );
}
