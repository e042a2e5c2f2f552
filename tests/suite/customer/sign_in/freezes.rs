//! Freezes: earned by days of a streak, used for missed days by arithmetic, and off unless a rule has them.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::streaks::{FORGIVING, calendar, later, set_sign_in, sign_in, sign_in_days, streak};

#[tokio::test(flavor = "multi_thread")]
async fn freezes_are_earned_kept_and_used_without_a_job() {
    let app = TestApp::start().await;
    set_sign_in(&app, FORGIVING).await;
    let user = app.add_user(17).await;
    sign_in_days(&app, &user, 3).await; // 20 to 22
    let query = "{ me { signIn { streak longestStreak freezes { held max earnedEvery } } } }";
    insta::assert_compact_json_snapshot!(app.ask(&user, query).await, @r#"{"me": {"signIn": {"freezes": {"earnedEvery": 3, "held": 1, "max": 2}, "longestStreak": 3, "streak": 3}}}"#);
    later(&app, 2).await; // 24
    assert_eq!(streak(&app, &user).await, json!([3, 3, 0]));
    assert_eq!(
        app.count("select count(*) from covered_days").await,
        0,
        "used when it is needed"
    );
    assert_eq!(sign_in(&app, &user).await, 4);
    assert_eq!(
        app.count("select count(*) from covered_days where made_up_at is null")
            .await,
        1
    );
    assert_eq!(calendar(&app, &user, "2026-11-24").await, "20s 21s 22s 23f 24s");
    later(&app, 1).await;
    sign_in_days(&app, &user, 5).await; // 25 to 29: freezes for the sixth and the ninth day
    assert_eq!(streak(&app, &user).await, json!([9, 9, 2]));
    later(&app, 1).await;
    sign_in_days(&app, &user, 3).await; // 30 to 2 December: no third freeze
    assert_eq!(streak(&app, &user).await, json!([12, 12, 2]));
    // Two missed days are covered, three are not.
    later(&app, 3).await;
    assert_eq!(streak(&app, &user).await, json!([12, 12, 0]));
    later(&app, 1).await;
    assert_eq!(streak(&app, &user).await, json!([0, 12, 0]));
    assert_eq!(calendar(&app, &user, "2026-12-01").await, "01s 02s 03m+ 04m+ 05m+ 06o");
    assert_eq!(sign_in(&app, &user).await, 1);
    assert_eq!(streak(&app, &user).await, json!([1, 12, 0]));
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_held_freezes_do_nothing() {
    let app = TestApp::start().await;
    set_sign_in(&app, FORGIVING).await;
    let user = app.add_user(17).await;
    sign_in_days(&app, &user, 3).await;
    app.sql(
        "insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, changed_by, reason, created_at)
         values ('sign_in', 3, 5, '1', 1, 'NONE', 'test', 'test', '2026-11-22Z')",
    )
    .await;
    assert_eq!(streak(&app, &user).await, json!([3, 3, null]));
    later(&app, 2).await;
    assert_eq!(streak(&app, &user).await, json!([0, 3, null]));
    assert_eq!(calendar(&app, &user, "2026-11-01").await, "20s 21s 22s 23m 24o");
    assert_eq!(sign_in(&app, &user).await, 1);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

/// The row of a streak grows by what a user has of these settings: nothing for most.
#[tokio::test(flavor = "multi_thread")]
async fn a_plain_streak_stores_nothing_more() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    sign_in_days(&app, &user, 3).await;
    let plain = "select count(*) from award_feeds where num_nonnulls(skipped_days, freezes, best_streak) = 0";
    assert_eq!(app.count(plain).await, 1);
    assert_eq!(streak(&app, &user).await, json!([3, 3, null]));
    app.stop().await;
}
