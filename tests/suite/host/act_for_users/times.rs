//! Acts with the time at which they were done.

use chrono::TimeDelta;
use newbee::domain::reservation::ReservationTerms;
use serde_json::json;

use super::{act, at, bot, outcome, outcomes, reserve, set_invitation, sign_in, submit_word};
use crate::support::app::{TestApp, instant};
use crate::support::{reservations, words};

#[tokio::test(flavor = "multi_thread")]
async fn a_belated_act_counts_for_its_day_until_that_is_closed() {
    let app = TestApp::builder().at("2026-11-20T16:01:00Z").start().await; // one minute after midnight
    let key = bot(&app).await;
    for user in 17..=19 {
        app.add_user(user).await;
    }
    let inviter = app.add_user(20).await;
    app.run_due_jobs().await;
    let before_midnight = "2026-11-20T15:59:00Z";
    let acts = json!([
        sign_in(17, "today"),
        at(sign_in(17, "yesterday"), before_midnight),
        at(sign_in(17, "yesterday again"), before_midnight),
        at(set_invitation(18, "bind", &inviter.code), before_midnight),
    ]);
    let results = act(&app, &key, acts.clone()).await;
    assert_eq!(
        outcomes(&results),
        ["performed", "performed", "ALREADY_SIGNED_IN", "performed"]
    );
    let days = [0, 1, 2].map(|place: usize| results[place]["award"]["businessDay"].clone());
    assert_eq!(days, ["2026-11-21", "2026-11-20", "2026-11-20"]);
    let streak = "select streak_length::bigint from award_feeds where user_id = 17";
    assert_eq!(app.count(streak).await, 2, "the earlier day is first");
    let paid: String = sqlx::query_scalar("select business_day::text from awards where item = $1")
        .bind("invite_friend")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(paid, "2026-11-20");

    app.clock.set(instant("2026-11-20T16:05:00Z"));
    app.run_due_jobs().await;
    let late = act(
        &app,
        &key,
        json!([
            at(sign_in(18, "late"), before_midnight),
            at(reserve(18, "late too", "alpha"), before_midnight),
            at(sign_in(18, "ancient"), "1970-01-01T00:00:00Z"),
            at(submit_word(18, "ancient too", "moon"), "1970-01-01T00:00:00Z"),
            at(sign_in(18, "future"), "2026-11-20T16:06:01Z"),
            at(submit_word(18, "future too", "moon"), "2026-11-20T16:06:01Z"),
            at(sign_in(18, "a little ahead"), "2026-11-20T16:05:30Z"),
        ]),
    )
    .await;
    let expected = [
        "DAY_CLOSED",
        "DAY_CLOSED",
        "DAY_CLOSED",
        "DAY_CLOSED",
        "IN_THE_FUTURE",
        "IN_THE_FUTURE",
        "performed",
    ];
    assert_eq!(outcomes(&late), expected);
    for (place, day) in [(0, "2026-11-20"), (2, "1970-01-01")] {
        let message = late[place]["refused"]["message"].as_str().unwrap();
        assert!(message.contains(day), "{message}");
    }
    assert_eq!(late[6]["award"]["businessDay"], "2026-11-21");
    // What was performed before the day was closed has its first result.
    let again = act(&app, &key, acts).await;
    assert_eq!(
        outcomes(&again),
        ["repeated", "repeated", "ALREADY_SIGNED_IN", "repeated"]
    );
    let mut settled = results[1]["award"].clone();
    settled["status"] = json!("SETTLED");
    assert_eq!(again[1]["award"], settled);
    // A rejection by the time is not stored: the act can be sent again without it.
    let today = act(
        &app,
        &key,
        json!([sign_in(19, "late"), reserve(18, "late too", "alpha")]),
    )
    .await;
    assert_eq!(outcomes(&today), ["performed", "RESERVATION_UNKNOWN"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_for_a_day_before_the_last_one_pays_and_leaves_the_streak() {
    let app = TestApp::builder().at("2026-11-20T16:01:00Z").start().await;
    let key = bot(&app).await;
    let user = app.add_user(17).await;
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    let yesterday = || at(sign_in(17, "yesterday"), "2026-11-20T15:59:00Z");
    let late = act(&app, &key, json!([yesterday()])).await;
    assert_eq!(outcome(&late[0]), "performed");
    assert_eq!(late[0]["award"]["businessDay"], "2026-11-20");
    let again = act(
        &app,
        &key,
        json!([yesterday(), at(sign_in(17, "other"), "2026-11-20T15:58:00Z")]),
    )
    .await;
    assert_eq!(outcomes(&again), ["repeated", "ALREADY_SIGNED_IN"]);
    let streak: (i32, String) =
        sqlx::query_as("select streak_length, last_sign_in::text from award_feeds where user_id = 17")
            .fetch_one(app.pool())
            .await
            .unwrap();
    assert_eq!(streak, (1, "2026-11-21".to_owned()));
    assert_eq!(app.count("select count(*) from awards").await, 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_open_at_the_time_of_the_act() {
    let app = TestApp::start().await;
    let key = bot(&app).await;
    app.add_user(17).await;
    app.add_user(18).await;
    words::create(&app, &words::terms(&app, "moon", 3)).await;
    let (opens_at, closes_at) = (app.clock.now(), app.clock.now() + TimeDelta::hours(1));
    reservations::create(&app, "alpha", reservations::window(opens_at, closes_at)).await;
    reservations::create(
        &app,
        "beta",
        reservations::window(closes_at, closes_at + TimeDelta::hours(2)),
    )
    .await;
    reservations::create(&app, "gamma", ReservationTerms::default()).await;
    app.clock.advance(TimeDelta::minutes(61));
    let (before, within) = ("2026-11-20T03:59:00Z", "2026-11-20T04:59:00Z");
    let results = act(
        &app,
        &key,
        json!([
            submit_word(17, "a", "moon"),
            at(submit_word(17, "b", "moon"), before),
            at(submit_word(17, "c", "moon"), within),
            reserve(17, "d", "alpha"),
            at(reserve(17, "e", "alpha"), before),
            at(reserve(17, "f", "alpha"), within),
            at(reserve(17, "g", "beta"), within),
            reserve(17, "h", "beta"),
            at(reserve(18, "i", "gamma"), within),
        ]),
    )
    .await;
    let expected = [
        "WORD_EXPIRED",
        "WORD_UNAVAILABLE",
        "performed",
        "RESERVATION_CLOSED",
        "RESERVATION_NOT_OPEN",
        "performed",
        "RESERVATION_NOT_OPEN",
        "performed",
        "performed",
    ];
    assert_eq!(outcomes(&results), expected);
    assert_eq!(results[6]["refused"]["retryAt"], "2026-11-20T05:00:00.000Z");
    // Once a job has ended the campaign, it stays so.
    for _ in 0..2 {
        app.run_due_jobs().await;
        app.clock.advance(TimeDelta::minutes(10));
    }
    app.run_due_jobs().await;
    let ended = act(&app, &key, json!([at(submit_word(18, "j", "moon"), within)])).await;
    assert_eq!(outcome(&ended[0]), "WORD_EXPIRED");
    app.stop().await;
}
