//! Bridging a day after an outage.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::commands;
use crate::support::database::TestDatabase;
use crate::support::program::run;
use crate::support::streaks::{FORGIVING, add_bonus, calendar, later, set_sign_in, sign_in, sign_in_days, streak};

const BRIDGE: &str = "mutation ($day: Date!, $reason: String!, $dryRun: Boolean!) { bridgeDay(day: $day, reason: $reason, dryRun: $dryRun) {
    changed streaksKept streaksJoined bonusAwards freezesGivenBack complete problems { code } } }";

/// Counts of a bridge: changed, kept and joined streaks, bonuses, freezes.
async fn bridge(app: &TestApp, key: &str, day: &str, dry_run: bool) -> Value {
    let variables = json!({ "day": day, "reason": "an outage", "dryRun": dry_run });
    let done = app.admin(key, BRIDGE, variables).await["bridgeDay"].take();
    if let Some(code) = done["problems"][0]["code"].as_str() {
        return json!(code);
    }
    assert_eq!(done["complete"], true);
    json!([
        done["changed"],
        done["streaksKept"],
        done["streaksJoined"],
        done["bonusAwards"],
        done["freezesGivenBack"]
    ])
}

async fn users(app: &TestApp, count: i64) -> Vec<TestUser> {
    let mut users = Vec::new();
    for id in 1..=count {
        users.push(app.add_user(id).await);
    }
    users
}

#[tokio::test(flavor = "multi_thread")]
async fn streaks_go_on_across_a_bridged_day_whether_or_not_users_came_since() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    add_bonus(&app, 3).await;
    let users = users(&app, 5).await;
    for day in 0..2 {
        for user in &users[..4] {
            sign_in(&app, user).await; // 20 and 21
        }
        later(&app, 1 + day).await;
    }
    // The 22nd is an outage. On the 23rd one user comes back, and a new one comes; the fourth also misses the 23rd.
    assert_eq!(sign_in(&app, &users[0]).await, 1);
    assert_eq!(sign_in(&app, &users[4]).await, 1);
    assert_eq!(streak(&app, &users[1]).await[0], 0);

    assert_eq!(bridge(&app, &key, "2026-11-22", true).await, json!([true, 3, 1, 0, 0]));
    assert_eq!(app.count("select count(*) from bridged_days").await, 0);
    assert_eq!(streak(&app, &users[0]).await, json!([1, 2, null]));
    assert_eq!(bridge(&app, &key, "2026-11-22", false).await, json!([true, 3, 1, 1, 0]));
    assert_eq!(streak(&app, &users[0]).await, json!([3, 3, null]));
    assert_eq!(streak(&app, &users[1]).await, json!([2, 2, null]));
    assert_eq!(streak(&app, &users[4]).await, json!([1, 1, null]));
    assert_eq!(calendar(&app, &users[0], "2026-11-01").await, "20s 21s 22b 23s");
    assert_eq!(sign_in(&app, &users[1]).await, 3, "with its bonus");
    assert_eq!(
        app.count("select count(*) from awards where source_key = '2026-11-20:3'")
            .await,
        2
    );
    // Once more: nothing is left to do, and the entry of the audit log is there once.
    assert_eq!(
        bridge(&app, &key, "2026-11-22", false).await,
        json!([false, 2, 0, 0, 0])
    );
    assert_eq!(
        app.count("select count(*) from audit_log where action = 'bridge_day'")
            .await,
        1
    );
    later(&app, 1).await;
    assert_eq!(sign_in(&app, &users[0]).await, 4);
    assert_eq!(sign_in(&app, &users[2]).await, 1, "the 23rd was missed");
    let days = app
        .admin(&key, "{ bridgedDays { day reason bridgedBy bridgedAt } }", json!({}))
        .await;
    let day = json!({ "day": "2026-11-22", "reason": "an outage", "bridgedBy": "key:ops", "bridgedAt": "2026-11-23T04:00:00.000Z" });
    assert_eq!(days["bridgedDays"], json!([day]));
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_days_are_bridged_in_any_order() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    let users = users(&app, 3).await;
    for user in &users {
        sign_in(&app, user).await; // 20
    }
    later(&app, 2).await;
    sign_in(&app, &users[1]).await; // 22: between the outages
    later(&app, 2).await; // 24
    for user in &users[..2] {
        assert_eq!(sign_in(&app, user).await, 1);
    }
    assert_eq!(bridge(&app, &key, "2026-11-23", false).await[2], 1);
    assert_eq!(bridge(&app, &key, "2026-11-22", false).await[2], 0);
    assert_eq!(bridge(&app, &key, "2026-11-21", false).await[2], 2);
    assert_eq!(streak(&app, &users[0]).await, json!([2, 2, null]));
    assert_eq!(streak(&app, &users[1]).await, json!([3, 3, null]));
    assert_eq!(sign_in(&app, &users[2]).await, 2, "no job and no repair");
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_covered_the_day_is_given_back() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_sign_in(&app, FORGIVING).await;
    let user = app.add_user(17).await;
    sign_in_days(&app, &user, 3).await; // 20 to 22: one freeze
    later(&app, 2).await;
    assert_eq!(sign_in(&app, &user).await, 4); // 24
    assert_eq!(streak(&app, &user).await, json!([4, 4, 0]));
    assert_eq!(bridge(&app, &key, "2026-11-23", false).await, json!([true, 0, 0, 0, 1]));
    assert_eq!(streak(&app, &user).await, json!([4, 4, 1]));
    assert_eq!(calendar(&app, &user, "2026-11-01").await, "20s 21s 22s 23b 24s");
    assert_eq!(
        bridge(&app, &key, "2026-11-23", false).await,
        json!([false, 0, 0, 0, 0])
    );
    // An outage of today: the user need not come.
    assert_eq!(
        bridge(&app, &key, "2026-11-25", false).await,
        json!("BRIDGE_IN_THE_FUTURE")
    );
    later(&app, 1).await;
    assert_eq!(bridge(&app, &key, "2026-11-25", false).await, json!([true, 1, 0, 0, 0]));
    later(&app, 1).await;
    assert_eq!(streak(&app, &user).await, json!([4, 4, 1]));
    assert_eq!(sign_in(&app, &user).await, 5);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_refused() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    for (day, code) in [
        ("2026-11-21", "BRIDGE_IN_THE_FUTURE"),
        ("9999-12-31", "BRIDGE_IN_THE_FUTURE"),
        ("2025-11-18", "BRIDGE_TOO_OLD"),
        ("1900-01-01", "BRIDGE_TOO_OLD"),
    ] {
        assert_eq!(bridge(&app, &key, day, false).await, json!(code), "{day}");
    }
    let variables = json!({ "day": "2026-11-20", "reason": " ", "dryRun": true });
    let refused = app.admin(&key, BRIDGE, variables).await;
    assert_eq!(refused["bridgeDay"]["problems"][0]["code"], "REASON_INVALID");
    assert_eq!(app.count("select count(*) from bridged_days").await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_bridges_a_day() {
    let database = TestDatabase::create().await;
    let bridge = ["day", "bridge", "yesterday", "--reason", "an outage"];
    let tried = commands::said(&database, &[&bridge[..], &["--dry-run"]].concat()).await;
    assert!(
        tried.starts_with("Would bridge ") && tried.contains("Nothing was changed."),
        "{tried}"
    );
    let none = commands::said(&database, &["day", "bridged"]).await;
    assert_eq!(none, "No day is bridged.\n");
    let bridged = commands::said(&database, &bridge).await;
    assert!(
        bridged.starts_with("Bridged ") && bridged.contains("Streaks joined: 0."),
        "{bridged}"
    );
    let again = commands::json(&database, &bridge).await;
    assert_eq!((&again["changed"], &again["streaksJoined"]), (&json!(false), &json!(0)));
    let listed = commands::said(&database, &["day", "bridged"]).await;
    assert!(
        listed.contains("an outage") && listed.contains("command line:"),
        "{listed}"
    );
    let (code, _, error) = run(&database, &["day", "bridge", "2006-11-26", "--reason", "x"]).await;
    assert!(code == Some(1) && error.contains("Check the year"), "{error}");
}
