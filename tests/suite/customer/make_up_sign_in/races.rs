//! Make-up sign-ins at the same time as each other, sign-ins, bridges and an erasure, on two replicas.

use futures_util::future::join_all;
use newbee::domain::id::UserId;
use newbee::service::correct_awards::Mode;
use newbee::service::erase_user::erase_user;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::streaks::{FORGIVING, MAKE_UPS, add_bonus, later, make_up, set_sign_in, sign_in_days, streak};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_day_at_once_is_made_up_once_and_a_month_has_its_limit() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    set_sign_in(&app, MAKE_UPS).await;
    add_bonus(&app, 1).await;
    let user = app.add_user(17).await;
    later(&app, 7).await; // 27
    let replica = |n: usize| if n.is_multiple_of(2) { &app } else { &other };
    let same = join_all((0..8).map(|n| make_up(replica(n), &user, "2026-11-20"))).await;
    assert!(same.iter().all(|outcome| outcome == "done"), "{same:?}");
    assert_eq!(app.count("select count(*) from covered_days").await, 1);
    assert_eq!(app.count("select count(*) from awards").await, 1, "one bonus");

    let days: Vec<String> = (21..=26).map(|day| format!("2026-11-{day}")).collect();
    let many = join_all(days.iter().enumerate().map(|(n, day)| make_up(replica(n), &user, day))).await;
    let done = many.iter().filter(|outcome| *outcome == "done").count();
    assert_eq!(done, 2, "{many:?}");
    assert!(
        many.iter()
            .all(|outcome| outcome == "done" || outcome == "MAKE_UP_LIMIT_REACHED"),
        "{many:?}"
    );
    assert_eq!(app.count("select count(*) from covered_days").await, 3);
    other.stop().await;
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

/// Twenty users each have a gap of a day that is made up, a sign-in of today, a bridge of the gap, and some an erasure, all
/// at once. Whatever comes first, the streaks are those of the days.
#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_make_ups_bridges_and_erasures_at_once_leave_clean_books() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    set_sign_in(&app, FORGIVING).await;
    add_bonus(&app, 2).await;
    let ops = app.api_key("ops", &[newbee::domain::api_key::Scope::OpsWrite]).await;
    let mut users = Vec::new();
    for id in 1..=20 {
        users.push(app.add_user(id).await);
    }
    join_all(users.iter().map(|user| sign_in_days_once(&app, user))).await; // 20
    later(&app, 2).await; // 22
    let sign_in = "mutation { signInToday { userErrors { code } } }";
    let bridge = "mutation { bridgeDay(day: \"2026-11-21\", reason: \"an outage\") { complete problems { code } } }";
    let signing_in = users.iter().enumerate().map(|(n, user)| {
        let replica = if n % 2 == 0 { &app } else { &other };
        replica.reply(Some(&user.key), sign_in, json!({}))
    });
    let making_up = users.iter().enumerate().map(|(n, user)| {
        let replica = if n % 2 == 0 { &other } else { &app };
        let query = "mutation { makeUpSignIn(day: \"2026-11-21\") { userErrors { code } } }";
        replica.reply(Some(&user.key), query, json!({}))
    });
    let author = app.author("host");
    let erasing = (1..=4).map(|id| erase_user(app.pool(), UserId(id), "a test", &author, Mode::Commit));
    let bridging = (0..2).map(|n| {
        let replica = if n == 0 { &app } else { &other };
        replica.admin(&ops, bridge, json!({}))
    });
    let (signed_in, made_up, erased, bridged) = tokio::join!(
        join_all(signing_in),
        join_all(making_up),
        join_all(erasing),
        join_all(bridging)
    );
    for reply in signed_in.iter().chain(&made_up).skip(4) {
        let codes = reply["errors"][0]["extensions"]["code"].as_str();
        assert!(codes.is_none_or(|code| code == "UNAUTHENTICATED"), "{reply}");
    }
    assert!(erased.iter().all(Result::is_ok));
    assert!(
        bridged.iter().all(|data| data["bridgeDay"]["complete"] == true),
        "{bridged:?}"
    );
    // What a concurrent call left is mended by the next one.
    app.admin(&ops, bridge, json!({})).await;
    let lengths: Vec<(i64, i32)> =
        sqlx::query_as("select user_id, streak_length from award_feeds where user_id > 4 order by user_id")
            .fetch_all(app.pool())
            .await
            .unwrap();
    for (user, length) in &lengths {
        assert!(
            (2..=3).contains(length),
            "user {user}: {length} days, with the gap bridged or made up"
        );
    }
    assert_eq!(lengths.len(), 16);
    assert_eq!(streak(&app, &users[19]).await[0], lengths[15].1);
    other.stop().await;
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

async fn sign_in_days_once(app: &TestApp, user: &crate::support::app::TestUser) {
    sign_in_days(app, user, 1).await;
}
