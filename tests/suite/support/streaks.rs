//! Sign-in rules that forgive missed days, and what users see of their streaks.

use chrono::TimeDelta;
use serde_json::Value;

use super::app::{TestApp, TestUser};

/// Up to three days of a month, at most seven days back; a freeze for each third day, at most two.
pub const FORGIVING: (&str, &str) = ("make_up_days, make_up_limit, freeze_every, freeze_limit", "7, 3, 3, 2");
/// Only make-up sign-ins.
pub const MAKE_UPS: (&str, &str) = ("make_up_days, make_up_limit", "7, 3");

/// Adds the second version of the sign-in rule: columns and values.
pub async fn set_sign_in(app: &TestApp, (columns, values): (&str, &str)) {
    app.sql(format!(
        "insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, changed_by, reason, created_at, {columns})
         values ('sign_in', 2, 5, '1', 1, 'NONE', 'test', 'test', '2026-01-01Z', {values})"
    ))
    .await;
}

/// Adds a bonus for each multiple of a length.
pub async fn add_bonus(app: &TestApp, length: i32) {
    app.sql(format!(
        "insert into rules values ('streak_{length}', 'BONUS');
         insert into rule_versions (item, version, amount, coin_id, target_rule, streak_length, streak_repeats, changed_by, reason, created_at)
         values ('streak_{length}', 1, {length}, '1', 'NONE', {length}, true, 'test', 'test', '2026-01-01Z')"
    ))
    .await;
}

/// Signs in and returns the streak.
pub async fn sign_in(app: &TestApp, user: &TestUser) -> i64 {
    let query = "mutation { signInToday { me { signIn { streak } } userErrors { code } } }";
    let signed_in = app.ask(user, query).await["signInToday"].take();
    assert_eq!(signed_in["userErrors"], serde_json::json!([]));
    signed_in["me"]["signIn"]["streak"].as_i64().expect("a streak")
}

/// Signs a user in on a number of consecutive days, from today on. Moves the clock to the last of them.
pub async fn sign_in_days(app: &TestApp, user: &TestUser, days: i64) {
    for day in 0..days {
        if day > 0 {
            app.clock.advance(TimeDelta::days(1));
        }
        sign_in(app, user).await;
    }
}

pub async fn later(app: &TestApp, days: i64) {
    app.clock.advance(TimeDelta::days(days));
}

/// Streak, longest streak and freezes of a user.
pub async fn streak(app: &TestApp, user: &TestUser) -> Value {
    let query = "{ me { signIn { streak longestStreak freezes { held } } } }";
    let mut sign_in = app.ask(user, query).await["me"]["signIn"].take();
    let held = sign_in["freezes"]["held"].take();
    serde_json::json!([sign_in["streak"], sign_in["longestStreak"], held])
}

/// Code of the error of a make-up sign-in, or `done`.
pub async fn make_up(app: &TestApp, user: &TestUser, day: &str) -> String {
    let query = "mutation ($day: Date!) { makeUpSignIn(day: $day) { userErrors { code field } } }";
    let data = app.ask_with(user, query, serde_json::json!({ "day": day })).await;
    let error = &data["makeUpSignIn"]["userErrors"][0];
    error["code"].as_str().unwrap_or("done").to_owned()
}

/// States of the days of a month that are not before the account and not upcoming: the day, a letter, and `+` if it can
/// be made up.
pub async fn calendar(app: &TestApp, user: &TestUser, month: &str) -> String {
    let query = "query ($month: Date) { me { signIn { calendar(month: $month) { days { date state canMakeUp } } } } }";
    let mut data = app.ask_with(user, query, serde_json::json!({ "month": month })).await;
    let Value::Array(days) = data["me"]["signIn"]["calendar"]["days"].take() else {
        panic!("no days: {data}")
    };
    let shown = days.iter().filter_map(|day| {
        let letter = match day["state"].as_str().expect("a state") {
            "SIGNED_IN" => 's',
            "MADE_UP" => 'u',
            "FROZEN" => 'f',
            "BRIDGED" => 'b',
            "MISSED" => 'm',
            "OPEN" => 'o',
            _ => return None,
        };
        let plus = if day["canMakeUp"] == true { "+" } else { "" };
        Some(format!("{}{letter}{plus}", &day["date"].as_str().expect("a date")[8..]))
    });
    shown.collect::<Vec<_>>().join(" ")
}
