//! Rules as data: amounts drawn from a range, and bonuses for streaks.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use newbee::domain::id::UserId;
use newbee::store::sign_in_rules;
use newbee::store::sign_ins::{self, SignInBy, SignInDay, SignInRequest};
use serde_json::{Value, json};

use crate::support::app::{NOON, TestApp, TestUser};

/// A new version of a rule, as the last one but for what `columns` and `values` say.
async fn add_rule(app: &TestApp, item: &str, award_type: &str, columns: &str, values: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into rules values ('{item}', '{award_type}') on conflict do nothing;
         insert into rule_versions (item, version, coin_id, target_rule, changed_by, reason, created_at, {columns})
         select '{item}', coalesce(max(version), 0) + 1, '1', 'NONE', 'test', 'test', '{NOON}', {values}
         from rule_versions where item = '{item}'"
    )))
    .execute(app.pool())
    .await
    .unwrap();
}

async fn sign_in(app: &TestApp, user: &TestUser) -> Value {
    let query = "mutation { signInToday { award { amount } bonusAwards { item type amount } userErrors { code } } }";
    app.ask(user, query).await["signInToday"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streak_earns_its_bonus_on_the_day_that_reaches_it() {
    let app = TestApp::start().await;
    let columns = "amount, streak_length, streak_repeats";
    add_rule(&app, "streak_2", "BONUS", columns, "7, 2, true").await;
    add_rule(&app, "streak_3", "BONUS", columns, "9, 3, false").await;
    let user = app.add_user(17).await;
    let bonus = |item: &str, amount: &str| json!({ "item": item, "type": "BONUS", "amount": amount });
    let (two, three) = (bonus("streak_2", "7.0000"), bonus("streak_3", "9.0000"));
    for earned in [
        json!([]),
        json!([two]),
        json!([three]),
        json!([two]),
        json!([]),
        json!([two]),
    ] {
        assert_eq!(sign_in(&app, &user).await["bonusAwards"], earned);
        // Again, on the same day: the same bonuses, and nothing more.
        let again = sign_in(&app, &user).await;
        assert_eq!(again["bonusAwards"], earned);
        assert_eq!(again["userErrors"][0]["code"], "ALREADY_SIGNED_IN");
        app.clock.advance(TimeDelta::days(1));
    }
    app.run_due_jobs().await; // the jobs are known from now on
    app.clock.advance(TimeDelta::minutes(5));
    app.run_due_jobs().await;
    let balances = app.ask(&user, "{ me { balances { settled pending } } }").await;
    assert_eq!(
        balances["me"]["balances"],
        json!([{ "settled": "60.0000", "pending": "0.0000" }]),
        "six sign-ins, three times the one bonus, once the other"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_drawn_from_the_whole_range_and_never_beside_it() {
    let app = TestApp::start().await;
    add_rule(
        &app,
        "sign_in",
        "DAILY",
        "amount, amount_max, amount_step, daily_limit",
        "1.5, 3, 0.5, 1",
    )
    .await;
    let mut drawn = BTreeSet::new();
    // Four amounts, 200 draws: that one of them is never drawn happens once in 10^24 runs.
    for id in 1..=200 {
        let user = app.add_user(id).await;
        drawn.insert(
            sign_in(&app, &user).await["award"]["amount"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(
        drawn,
        ["1.5000", "2.0000", "2.5000", "3.0000"].map(str::to_owned).into()
    );
    let user = app.add_user(201).await;
    let tasks = app.ask(&user, "{ me { todayTasks { item amount maxAmount } } }").await;
    let tasks = tasks["me"]["todayTasks"].as_array().unwrap();
    assert!(tasks.contains(&json!({ "item": "sign_in", "amount": "1.5000", "maxAmount": "3.0000" })));
    assert!(tasks.contains(&json!({ "item": "join_group", "amount": "10.0000", "maxAmount": null })));
    app.stop().await;
}

/// Requests that share a statement are each compared with the window of the rule by their own time, and those that are
/// in time get awards of one instant.
#[tokio::test(flavor = "multi_thread")]
async fn each_request_of_a_batch_is_in_time_or_not() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    let open = format!("'{}'", now.to_rfc3339());
    let closed = format!("'{}'", (now + TimeDelta::seconds(2)).to_rfc3339());
    let values = format!("5, {open}, {closed}");
    add_rule(&app, "sign_in", "DAILY", "amount, opens_at, closes_at", &values).await;
    let mut connection = app.pool().acquire().await.unwrap();
    let rules = sign_in_rules::current(&mut connection).await.unwrap();
    let mut asked = Vec::new();
    for (number, seconds) in [(1, -1), (2, 0), (3, 1), (4, 2)] {
        app.add_user(number).await;
        asked.push(SignInRequest {
            by: SignInBy::User(UserId(number)),
            at: now + TimeDelta::seconds(seconds),
        });
    }
    let day = SignInDay {
        day: "2026-11-20".parse().unwrap(),
        day_before: "2026-11-19".parse().unwrap(),
    };
    let results = sign_ins::sign_in(&mut connection, day, &asked, &rules, None, &[])
        .await
        .unwrap();
    let made: Vec<_> = results
        .iter()
        .map(|result| result.awards.first().map(|award| award.created_at))
        .collect();
    let last = Some(asked[3].at);
    assert_eq!(made, [None, last, last, None]);
}
