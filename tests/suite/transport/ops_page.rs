//! The page of ops: its files, and what a browser may do with them.

use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::http_client;

/// Maximum size of the page in bytes, compressed or not: it is read on phones, when something is wrong.
const HEAVIEST: usize = 130_000;

async fn get(url: &str) -> (u16, String, String, String) {
    let reply = http_client().get(url).send().await.unwrap();
    let header = |name: &str| {
        let value = reply.headers().get(name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    let (status, kind, policy) = (
        reply.status().as_u16(),
        header("content-type"),
        header("content-security-policy"),
    );
    (status, kind, policy, reply.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_loads_its_own_files_and_may_do_nothing_else() {
    let app = TestApp::start().await;
    let (status, kind, policy, index) = get(&app.url("/ops/")).await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert!(
        !index.contains("<style") && !index.contains(" style=") && !index.contains(" on"),
        "{index}"
    );

    // Everything that is named by something that was loaded is there, and nothing is loaded from elsewhere.
    let mut weight = index.len();
    let mut loaded = vec!["ops.css".to_owned(), "main.js".to_owned(), "icon.svg".to_owned()];
    for name in &loaded {
        assert!(index.contains(&format!("\"{name}\"")), "{name}");
    }
    // Of the languages one is loaded, by a name that is put together.
    loaded.push("languages/zh.js".to_owned());
    let mut place = 0;
    while let Some(name) = loaded.get(place).cloned() {
        place += 1;
        let (status, kind, _, body) = get(&app.url(&format!("/ops/{name}"))).await;
        assert_eq!(status, 200, "{name}");
        weight += body.len();
        if !name.ends_with(".js") {
            continue;
        }
        assert_eq!(kind, "text/javascript; charset=utf-8", "{name}");
        for line in body.lines() {
            let from = line.split_once(" from '");
            let Some((imported, _)) = from.and_then(|(_, rest)| rest.split_once('\'')) else {
                continue;
            };
            let imported = imported.strip_prefix("./").expect("only files beside it are imported");
            if !loaded.iter().any(|known| known == imported) {
                loaded.push(imported.to_owned());
            }
        }
    }
    assert!(loaded.len() > 12, "{loaded:?}");
    assert!(weight < HEAVIEST, "{weight} bytes");
    assert_eq!(get(&app.url("/ops/none.js")).await.0, 404);
    let access: Value = http_client()
        .get(app.url("/"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(access["endpoints"]["ops"], "/ops/");
    app.stop().await;
}
