//! Rate limits by address and by key. The periods are long, so that no request becomes available during a test.

use newbee::config::{AccessSettings, Rate};
use serde_json::json;

use crate::transport::support::{GOOD_KEY, OTHER_GOOD_KEY, Reply, Server};

const HELLO: &str = "{ hello }";

fn rate(text: &str) -> Option<Rate> {
    Some(text.parse().expect("a rate"))
}

fn post(server: &Server, key: Option<&str>, forwarded_for: Option<&str>) -> reqwest::RequestBuilder {
    let mut request = server.post().json(&json!({ "query": HELLO }));
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    if let Some(client) = forwarded_for {
        request = request.header("x-forwarded-for", client);
    }
    request
}

/// Statuses of sequential requests.
async fn statuses(times: usize, request: impl Fn(usize) -> reqwest::RequestBuilder) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 0..times {
        statuses.push(Reply::of(request(number)).await.status);
    }
    statuses
}

#[tokio::test]
async fn a_session_that_asks_too_often_is_told_when_to_come_back() {
    let server = Server::with_access(&AccessSettings {
        session_rate: rate("3/1day"),
        ..AccessSettings::default()
    })
    .await;
    let ask = || post(&server, Some(GOOD_KEY), None);
    assert_eq!(statuses(3, |_| ask()).await, [200, 200, 200]);
    let refused = Reply::of(ask()).await;
    refused.assert_error(429, "RATE_LIMITED");
    let wait: u64 = refused.header("retry-after").parse().expect("whole seconds");
    assert!((28_000..=28_800).contains(&wait), "a third of a day: {wait}");
    assert_eq!(refused.json["errors"][0]["extensions"]["retryAfterSeconds"], wait);
    let message = refused.json["errors"][0]["message"].to_string();
    assert!(message.contains(&format!("Try again in {wait} s")), "{message}");
    let chinese = Reply::of(ask().header("accept-language", "zh-CN")).await;
    assert!(
        chinese.json["errors"][0]["message"]
            .to_string()
            .contains("请求过于频繁")
    );
    assert_eq!(
        statuses(5, |_| post(&server, None, None)).await,
        [200; 5],
        "visitors have no session"
    );
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_refused_before_anything_is_read() {
    let server = Server::with_access(&AccessSettings {
        address_rate: rate("5/1day"),
        ..AccessSettings::default()
    })
    .await;
    let asked = statuses(7, |_| post(&server, None, None)).await;
    assert_eq!(asked, [200, 200, 200, 200, 200, 429, 429]);
    for path in ["/", "/schema.graphql", "/nowhere"] {
        Reply::of(server.client.get(server.url(path)))
            .await
            .assert_error(429, "RATE_LIMITED");
    }
    // Not even its size is looked at.
    let large = server.post().body("x".repeat(300_000));
    Reply::of(large).await.assert_error(429, "RATE_LIMITED");
    for probe in ["/healthz", "/readyz"] {
        let alive = Reply::of(server.client.get(server.url(probe))).await;
        assert_eq!(alive.status, 200, "a balancer would take the process for dead: {probe}");
    }
}

#[tokio::test]
async fn guessing_keys_ends_soon_and_good_keys_go_on() {
    let server = Server::with_access(&AccessSettings {
        address_rate: rate("60/1day"),
        ..AccessSettings::default()
    })
    .await;
    assert_eq!(statuses(1, |_| post(&server, Some(GOOD_KEY), None)).await, [200]);
    let guesses = statuses(8, |number| post(&server, Some(&format!("guess-{number}")), None)).await;
    assert_eq!(guesses, [401, 401, 401, 401, 401, 401, 429, 429], "a tenth of the rate");
    assert_eq!(statuses(3, |_| post(&server, Some(GOOD_KEY), None)).await, [200; 3]);
    // Also a good key that this process sees for the first time.
    assert_eq!(statuses(1, |_| post(&server, Some(OTHER_GOOD_KEY), None)).await, [200]);
    assert_eq!(statuses(1, |_| post(&server, None, None)).await, [200]);
}

#[tokio::test]
async fn a_foreign_address_is_believed_from_trusted_proxies_alone() {
    let settings = AccessSettings {
        address_rate: rate("2/1day"),
        ..AccessSettings::default()
    };
    let untrusting = Server::with_access(&settings).await;
    let spoofed = statuses(4, |number| post(&untrusting, None, Some(&format!("192.0.2.{number}")))).await;
    assert_eq!(spoofed, [200, 200, 429, 429], "the peer counts, whatever it says");

    let trusting = Server::with_access(&AccessSettings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..settings
    })
    .await;
    let ask = |client: &str| post(&trusting, None, Some(client));
    assert_eq!(statuses(4, |number| ask(&format!("192.0.2.{number}"))).await, [200; 4]);
    let chain = |number| ask(&format!("203.0.113.{number}, 198.51.100.7"));
    assert_eq!(
        statuses(3, chain).await,
        [200, 200, 429],
        "what the client itself wrote is no way out"
    );
    let subnet = |number| ask(&format!("2001:db8:1:2::{number}"));
    assert_eq!(
        statuses(3, subnet).await,
        [200, 200, 429],
        "one IPv6 network is one caller"
    );
    assert_eq!(statuses(1, |_| ask("2001:db8:1:3::1")).await, [200]);
}

#[tokio::test]
async fn nobody_is_refused_where_the_rates_are_off() {
    let server = Server::start().await;
    let asked = statuses(50, |number| post(&server, Some(&format!("guess-{number}")), None)).await;
    assert_eq!(asked, [401; 50]);
    assert_eq!(statuses(50, |_| post(&server, Some(GOOD_KEY), None)).await, [200; 50]);
}
