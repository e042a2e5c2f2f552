//! One result per act, the first one again for the same key, and who acted in the audit log.

use chrono::TimeDelta;
use newbee::domain::reservation::ReservationTerms;
use serde_json::{Value, json};

use super::{ACT, act, bot, outcome, outcomes, reserve, set_invitation, sign_in, submit_word};
use crate::support::app::TestApp;
use crate::support::{http_client, reservations, words};

#[tokio::test(flavor = "multi_thread")]
async fn each_act_of_a_call_has_its_own_result() {
    let app = TestApp::start().await;
    let key = bot(&app).await;
    let user = app.add_user(17).await;
    let inviter = app.add_user(18).await;
    words::create(&app, &words::terms(&app, "moon", 3)).await;
    reservations::create(&app, "alpha", ReservationTerms::default()).await;
    let acts = json!([
        sign_in(17, "a"),
        sign_in(17, "a"),
        sign_in(17, "b"),
        submit_word(17, "a", "moon"),
        submit_word(17, "c", " MOON"),
        submit_word(17, "d", "moon"),
        submit_word(17, "e", "sun"),
        set_invitation(17, "f", &inviter.code),
        set_invitation(17, "g", &inviter.code),
        set_invitation(17, "h", &user.code),
        reserve(17, "i", "Alpha "),
        reserve(17, "j", "alpha"),
        reserve(17, "k", "beta"),
        sign_in(99, "l"),
        submit_word(99, "m", "moon"),
        sign_in(17, ""),
        reserve(17, "a\nb", "alpha"),
        json!({ "signIn": { "userId": "nobody", "idempotencyKey": "n" } }),
    ]);
    let expected = [
        "performed",
        "repeated",
        "ALREADY_SIGNED_IN",
        "CONFLICT",
        "performed",
        "WORD_ALREADY_CLAIMED",
        "WORD_UNAVAILABLE",
        "performed",
        "performed",
        "INVITATION_CODE_OWN",
        "performed",
        "performed",
        "RESERVATION_UNKNOWN",
        "USER_UNKNOWN",
        "USER_UNKNOWN",
        "KEY_INVALID",
        "KEY_INVALID",
        "USER_UNKNOWN",
    ];
    let first = act(&app, &key, acts.clone()).await;
    assert_eq!(outcomes(&first), expected);
    assert_eq!(first[0]["award"]["item"], "sign_in");
    assert_eq!(first[1]["award"], first[0]["award"], "the same act");
    assert_eq!(first[2]["award"], first[0]["award"], "the award of the day");
    assert_eq!(first[4]["award"]["item"], "word");
    let second = act(
        &app,
        &key,
        json!([set_invitation(18, "a", &user.code), sign_in(18, "b")]),
    )
    .await;
    assert_eq!(outcomes(&second), ["INVITATION_CODE_DESCENDANT", "performed"]);

    // The same call again, on the next day: the first results.
    app.clock.advance(TimeDelta::days(1));
    let again = act(&app, &key, acts).await;
    for (first, again) in first.iter().zip(&again) {
        let is_stored = !["CONFLICT", "USER_UNKNOWN", "KEY_INVALID"].contains(&outcome(first));
        assert_eq!(again["repeated"], is_stored, "{again}");
        assert_eq!(
            (&again["award"], &again["refused"]),
            (&first["award"], &first["refused"])
        );
    }
    // What the user has is what the user would have by acting.
    let seen = app.ask(&user, "{ me { todayAwards { id } } }").await;
    assert_eq!(seen["me"]["todayAwards"], json!([]), "nothing on the next day");
    assert_eq!(app.count("select count(*) from awards where item = 'sign_in'").await, 2);
    assert_eq!(app.count("select count(*) from awards where item = 'word'").await, 1);
    assert_eq!(
        app.count("select count(*) from reservations where cancelled_at is null")
            .await,
        1
    );
    assert_eq!(
        app.count("select children_count::bigint from users where user_id = 18")
            .await,
        1
    );
    assert_eq!(
        app.count("select count::bigint from tries where user_id = 17 and action = 'submit_word'")
            .await,
        1,
        "the wrong word counts once"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awards_and_the_audit_log_name_the_key() {
    let app = TestApp::start().await;
    let key = bot(&app).await;
    app.add_user(17).await;
    let inviter = app.add_user(18).await;
    words::create(&app, &words::terms(&app, "moon", 3)).await;
    reservations::create(&app, "alpha", ReservationTerms::default()).await;
    let acts = json!([
        sign_in(17, "a"),
        submit_word(17, "b", "moon"),
        submit_word(17, "c", "sun"),
        set_invitation(17, "d", &inviter.code),
        reserve(17, "e", "alpha"),
        reserve(17, "f", "alpha"),
    ]);
    act(&app, &key, acts.clone()).await;
    act(&app, &key, acts).await;
    let recorded_by: Vec<Option<String>> = sqlx::query_scalar("select distinct recorded_by from awards")
        .fetch_all(app.pool())
        .await
        .unwrap();
    assert_eq!(recorded_by, [Some("key:bot".to_owned())]);
    let entries: Vec<(String, String, Option<i64>, Value)> =
        sqlx::query_as("select actor, action, user_id, after from audit_log where actor = 'key:bot' order by audit_id")
            .fetch_all(app.pool())
            .await
            .unwrap();
    let entry = |action: &str, after: Value| ("key:bot".to_owned(), action.to_owned(), Some(17), after);
    let counts = |performed: u32, repeated: u32, refused: u32| {
        let acts = json!({ "signIn": 1, "submitWord": 2, "setInvitation": 1, "reserve": 2 });
        json!({ "acts": acts, "performed": performed, "repeated": repeated, "refused": refused, "failed": 0 })
    };
    assert_eq!(
        entries,
        [
            entry("set_invitation", json!({ "parentId": "18" })),
            entry("reserve", json!({ "campaign": "alpha" })),
            entry("act_for_users", counts(5, 0, 1)),
            entry("act_for_users", counts(0, 6, 0)),
        ]
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_own_limits_hold_for_a_bot() {
    let app = TestApp::start().await;
    let key = bot(&app).await;
    let user = app.add_user(17).await;
    words::create(&app, &words::terms(&app, "moon", 3)).await;
    let wrong = |number: u32| submit_word(17, &format!("wrong-{number}"), &format!("guess{number}"));
    let guesses = act(&app, &key, json!((0..5).map(wrong).collect::<Vec<_>>())).await;
    assert_eq!(outcomes(&guesses), ["WORD_UNAVAILABLE"; 5]);
    let locked = act(&app, &key, json!([submit_word(17, "right", "moon")])).await;
    assert_eq!(outcome(&locked[0]), "TOO_MANY_TRIES");
    assert_eq!(locked[0]["refused"]["retryAt"], "2026-11-20T04:10:00.000Z");
    assert_eq!(
        words::status(&words::submit(&app, &user, "moon").await),
        206,
        "the same count"
    );
    app.clock.advance(TimeDelta::minutes(10));
    let later = act(
        &app,
        &key,
        json!([submit_word(17, "right", "moon"), submit_word(17, "right-2", "moon")]),
    )
    .await;
    assert_eq!(
        outcomes(&later),
        ["TOO_MANY_TRIES", "performed"],
        "a new key is a new event"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_acts_and_acts_that_are_none_are_errors_of_the_request() {
    let app = TestApp::start().await;
    let key = bot(&app).await;
    app.add_user(17).await;
    let many: Vec<Value> = (0..1_001).map(|number| sign_in(17, &number.to_string())).collect();
    let both = json!({ "signIn": { "userId": 17, "idempotencyKey": "a" },
                       "reserve": { "userId": 17, "idempotencyKey": "b", "key": "alpha" } });
    for (acts, expected) in [
        (json!(many), "at most 1000 acts"),
        (json!([both]), "exactly one field"),
        (json!([{}]), "exactly one field"),
        (json!([{ "signIn": null }]), "exactly one field"),
        (
            json!([{ "submitWord": { "userId": 17, "idempotencyKey": "a" } }]),
            "word",
        ),
    ] {
        let (_, reply) = app.admin_reply(Some(&key), ACT, json!({ "acts": acts })).await;
        let message = reply["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(expected), "{reply}");
    }
    assert_eq!(app.count("select count(*) from awards").await, 0);
    assert_eq!(act(&app, &key, json!([])).await, Vec::<Value>::new());
    let chinese = http_client()
        .post(app.url("/admin/graphql"))
        .bearer_auth(&key)
        .header("accept-language", "zh-CN")
        .json(&json!({ "query": ACT, "variables": { "acts": [sign_in(17, "a"), sign_in(17, "b")] } }));
    let reply = chinese.send().await.unwrap().text().await.unwrap();
    assert!(reply.contains("今天已经签到"), "{reply}");
    app.stop().await;
}
