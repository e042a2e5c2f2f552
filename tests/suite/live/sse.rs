//! Streams of events: what is refused and how, what bounds them, and how they end.

use std::time::Duration;

use newbee::config::AccessSettings;
use newbee::http::{LiveLimits, RequestLimits, ServeLimits};
use serde_json::{Value, json};

use super::{FOLLOW, Following, serve, sign_in, text};
use crate::support::app::{Server, TestApp};
use crate::support::http_client;
use crate::support::wait_until;
use crate::transport::h2::{CANCEL, Event, H2};

fn code(event: &(String, Value)) -> &str {
    event.1["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

fn is_complete(event: &(String, Value)) -> bool {
    *event == ("complete".to_owned(), Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_an_event_and_the_end() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let url = app.url("/graphql");
    for (key, query, variables, expected) in [
        (None, FOLLOW, json!({}), "UNAUTHENTICATED"),
        (
            Some(&user.key),
            FOLLOW,
            json!({ "after": "no cursor" }),
            "BAD_USER_INPUT",
        ),
        (Some(&user.key), FOLLOW, json!({ "after": 7 }), "BAD_USER_INPUT"),
        (Some(&user.key), "subscription {", json!({}), "GRAPHQL_PARSE_FAILED"),
        (
            Some(&user.key),
            "subscription { awardChanged { secret } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            Some(&user.key),
            "subscription { a: awardChanged { id } b: awardChanged { id } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            Some(&user.key),
            "subscription { __typename }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            Some(&user.key),
            "subscription { ... @include(if: true) { awardChanged { id } } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ] {
        let key = key.map(String::as_str);
        let events = Following::send(&url, key, query, variables).await.rest().await;
        assert_eq!((events.len(), code(&events[0])), (2, expected), "{query}: {events:?}");
        assert!(is_complete(&events[1]), "{events:?}");
    }
    assert_eq!(app.award_changes.subscriptions(), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_mutations_are_answered_with_one_event() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    for query in ["{ me { id } }", "mutation { signInToday { me { id } } }"] {
        let events = Following::send(&app.url("/graphql"), Some(&user.key), query, json!({}))
            .await
            .rest()
            .await;
        assert!(events[0].1.to_string().contains("user_1"), "{events:?}");
        assert!(events.len() == 2 && is_complete(&events[1]));
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_json_is_told_both_ways_and_a_wrong_key_stays_401() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let reply = app.reply(Some(&user.key), FOLLOW, json!({})).await;
    let message = text(&reply["errors"][0], "message");
    assert!(
        message.contains("text/event-stream") && message.contains("graphql-transport-ws"),
        "{reply}"
    );
    assert_eq!(reply["errors"][0]["extensions"]["code"], "OPERATION_RESOLUTION_FAILURE");

    let request = http_client()
        .post(app.url("/graphql"))
        .header("Accept", "text/event-stream");
    let refused = request
        .bearer_auth("nobodys")
        .json(&json!({ "query": FOLLOW }))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 401);
    // The admin API has nothing to follow.
    let ops = app.api_key("ops", &[newbee::domain::api_key::Scope::OpsRead]).await;
    let (_, reply) = app.admin_reply(Some(&ops), FOLLOW, json!({})).await;
    assert!(
        text(&reply["errors"][0], "message").contains("not supported"),
        "{reply}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_may_follow_by_get_but_not_change_anything() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let get = |query: &'static str| {
        let request = http_client().get(app.url("/graphql")).query(&[("query", query)]);
        request
            .header("Accept", "text/event-stream")
            .bearer_auth(&user.key)
            .send()
    };
    assert_eq!(
        get("mutation { signInToday { me { id } } }").await.unwrap().status(),
        405
    );
    let in_fragments = "subscription { ...F ...F } fragment F on Subscription { awardChanged { id } }";
    let response = get(in_fragments).await.unwrap();
    let mut following = Following {
        response,
        text: String::new(),
    };
    following.text = following.more().await.unwrap();
    let id = sign_in(&app, &user.key).await;
    assert_eq!(text(&following.award().await, "id"), id);
    drop(following);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_eleventh_subscription_of_a_user_is_refused_until_one_is_closed() {
    let app = TestApp::start().await;
    let (user, other) = (app.add_user(1).await, app.add_user(2).await);
    let url = app.url("/graphql");
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(Following::begin(&url, &user.key, None).await);
    }
    let refused = Following::send(&url, Some(&user.key), FOLLOW, json!({}))
        .await
        .rest()
        .await;
    assert_eq!(code(&refused[0]), "RATE_LIMITED", "{refused:?}");
    held.push(Following::begin(&url, &other.key, None).await);
    held.remove(0);
    wait_until("the place is free", async || app.award_changes.subscriptions() == 10).await;
    held.push(Following::begin(&url, &user.key, None).await);
    drop(held);
    wait_until("all are gone", async || app.award_changes.subscriptions() == 0).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_lives_by_comments_and_ends_with_its_session() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let limits = LiveLimits {
        keep_alive: Duration::from_millis(50),
        check_key_every: Duration::from_millis(300),
        ..LiveLimits::default()
    };
    let server = serve(&app, limits).await;
    let mut following = Following::begin(&server.url("/graphql"), &user.key, None).await;
    while following.text.matches(":\n\n").count() < 5 {
        let more = following.more().await.expect("it goes on");
        following.text.push_str(&more);
    }
    sqlx::query("update sessions set revoked_at = created_at")
        .execute(app.pool())
        .await
        .unwrap();
    let events = following.rest().await;
    assert_eq!(code(&events[0]), "UNAUTHENTICATED", "{events:?}");
    assert!(events.len() == 2 && is_complete(&events[1]), "{events:?}");
    server.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_come_in_time_however_often_the_key_is_looked_up() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let limits = LiveLimits {
        keep_alive: Duration::from_millis(300),
        check_key_every: Duration::from_millis(50),
        ..LiveLimits::default()
    };
    let server = serve(&app, limits).await;
    let mut following = Following::begin(&server.url("/graphql"), &user.key, None).await;
    while following.text.matches(":\n\n").count() < 3 {
        let more = following.more().await.expect("it goes on");
        following.text.push_str(&more);
    }
    drop(following);
    server.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_key_cannot_be_looked_up_ends_after_a_while() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let limits = LiveLimits {
        check_key_every: Duration::from_millis(50),
        max_unchecked: Duration::from_millis(300),
        ..LiveLimits::default()
    };
    let server = serve(&app, limits).await;
    let following = Following::begin(&server.url("/graphql"), &user.key, None).await;
    app.pools.api.close().await;
    let events = following.rest().await;
    assert_eq!(code(&events[0]), "SERVICE_UNAVAILABLE", "{events:?}");
    assert!(events.len() == 2 && is_complete(&events[1]), "{events:?}");
    server.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_breaks_the_streams_off_at_once_without_completing_them() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let server = serve(&app, LiveLimits::default()).await;
    let following = Following::begin(&server.url("/graphql"), &user.key, None).await;
    let (events, took) = tokio::join!(following.until_it_breaks(), server.stop());
    assert!(
        events.is_empty(),
        "clients take the event complete for the end that was wanted: {events:?}"
    );
    assert!(
        took < Duration::from_secs(8),
        "the drain limit of 10 s is not waited for: {took:?}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_never_read_is_reset() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let limits = ServeLimits {
        reply_stall_timeout: Duration::from_millis(300),
        ..ServeLimits::default()
    };
    let server = Server::start(&app.app, RequestLimits::default(), &AccessSettings::default(), limits).await;
    let mut client = H2::connect(server.address, 0).await;
    let (accept, authorization) = (19, 23);
    let key = format!("Bearer {}", user.key);
    client
        .get_with(
            1,
            "/graphql?query=subscription%7BawardChanged%7Bid%7D%7D",
            &[(accept, "text/event-stream"), (authorization, &key)],
        )
        .await;
    assert_eq!(client.event().await, Some(Event::Head { stream: 1 }));
    let reset = Event::Reset {
        stream: 1,
        code: CANCEL,
    };
    assert_eq!(client.event().await, Some(reset));
    wait_until("it follows nothing any more", async || {
        app.award_changes.subscriptions() == 0
    })
    .await;
    drop(client);
    server.stop().await;
    app.stop().await;
}
