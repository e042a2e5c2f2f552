//! Guessing: five tries in ten minutes, then a lock, each twice as long as the one before.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::app::{TestApp, instant};
use crate::support::words::{create, status, submit, terms};

#[tokio::test(flavor = "multi_thread")]
async fn however_a_request_is_packed_five_guesses_are_answered() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    create(&app, &terms(&app, "moon", 5)).await;
    let user = app.add_user(1).await;
    let aliases = |from: usize| {
        let guesses = (from..from + 10).map(|number| {
            format!("a{number}: submitWord(word: \"guess{number}\") {{ userErrors {{ legacyStatus }} }}")
        });
        format!("mutation {{ {} }}", guesses.collect::<Vec<_>>().join(" "))
    };
    let (first, second) = (aliases(0), aliases(10));
    let replies = tokio::join!(app.ask(&user, &first), other.ask(&user, &second));
    let answered: Vec<i64> = [replies.0, replies.1]
        .iter()
        .flat_map(|reply| reply.as_object().unwrap().values().map(status).collect::<Vec<_>>())
        .collect();
    assert_eq!(answered.iter().filter(|status| **status == 203).count(), 5);
    assert_eq!(answered.iter().filter(|status| **status == 206).count(), 15);

    // The right word is no way out, and the answer says when to come back.
    let locked = submit(&app, &user, "moon").await;
    assert_eq!(
        locked["userErrors"][0],
        json!({ "code": "TOO_MANY_TRIES", "legacyStatus": 206, "retryAt": "2026-11-20T04:10:00.000Z",
                "message": "Too many attempts. Try again in 10 min." })
    );
    // Another user is not held up.
    assert_eq!(status(&submit(&app, &app.add_user(2).await, "moon").await), 1);
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(status(&submit(&app, &user, "moon").await), 1);
    other.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lock_is_twice_as_long_as_the_one_before() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    for minutes in [10, 20, 40] {
        let began = app.clock.now();
        for _ in 0..5 {
            assert_eq!(status(&submit(&app, &user, "guess").await), 203);
        }
        let locked = submit(&app, &user, "guess").await;
        let retry_at = instant(locked["userErrors"][0]["retryAt"].as_str().unwrap());
        assert_eq!(retry_at - began, TimeDelta::minutes(minutes));
        app.clock.set(retry_at);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_typed_is_answered() {
    let app = TestApp::start().await;
    for (id, word) in ["", "   ", &"字".repeat(10_000), "a\u{0}b", "\u{202e}noom"]
        .into_iter()
        .enumerate()
    {
        let user = app.add_user(id as i64 + 1).await;
        assert_eq!(status(&submit(&app, &user, word).await), 203, "{word:.20}");
    }
    let reply = app
        .reply(
            None,
            "mutation { submitWord(word: \"moon\") { userErrors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(reply["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let tries: Vec<Value> = sqlx::query_scalar("select to_jsonb(t) from tries t")
        .fetch_all(app.pool())
        .await
        .unwrap();
    assert_eq!(tries.len(), 5, "a word that cannot be one is a guess like others");
    app.stop().await;
}
