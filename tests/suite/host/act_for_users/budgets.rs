//! Sign-ins that the host reports under a rule with a budget.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::TimeDelta;
use futures_util::future::join_all;
use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use super::{act, at, bot, outcome, sign_in};
use crate::support::app::TestApp;

async fn set_day_budget(app: &TestApp, budget: u32) {
    let ops = app.api_key(&format!("ops{budget}"), &[Scope::OpsWrite]).await;
    let set = format!(
        "mutation {{ setRule(input: {{ item: \"sign_in\", type: DAILY, amount: \"5\", coinId: \"1\", dailyLimit: 1, reason: \"a test\", dayBudget: \"{budget}\" }}) {{ problems {{ code }} }} }}"
    );
    let payload = app.admin(&ops, &set, json!({})).await["setRule"].take();
    assert_eq!(payload["problems"], json!([]));
}

fn sign_ins(users: RangeInclusive<i64>, key: &str) -> Vec<Value> {
    users.map(|user| sign_in(user, key)).collect()
}

fn counts(results: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for result in results {
        *counts.entry(outcome(result).to_owned()).or_default() += 1;
    }
    counts
}

fn expected<const N: usize>(counts: [(&str, usize); N]) -> BTreeMap<String, usize> {
    counts.map(|(outcome, count)| (outcome.to_owned(), count)).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn reported_sign_ins_stay_within_the_budget_of_their_day() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let bot = bot(&app).await;
    let mut users = Vec::new();
    for user in 1..=24 {
        users.push(app.add_user(user).await);
    }
    set_day_budget(&app, 38).await;
    // Two calls on two replicas in opposite orders of the users, and sign-ins of the users themselves.
    let backwards: Vec<Value> = sign_ins(5..=20, "b").into_iter().rev().collect();
    let own = users[16..].iter().map(|user| {
        let signed_in = app.ask(user, "mutation { signInToday { award { id } } }");
        async move { signed_in.await["signInToday"]["award"].is_object() }
    });
    let (first, second, own) = tokio::join!(
        act(&app, &bot, json!(sign_ins(1..=16, "a"))),
        act(&replica, &bot, json!(backwards)),
        join_all(own)
    );
    let performed = [&first, &second].map(|results| counts(results).get("performed").copied().unwrap_or(0));
    let all = performed.iter().sum::<usize>() + own.iter().filter(|is_paid| **is_paid).count();
    assert!(all >= 7, "{first:?} {second:?} {own:?}");
    assert_eq!(
        app.count("select count(*) from awards").await,
        7,
        "38 is enough for seven"
    );
    let again = act(&replica, &bot, json!(sign_ins(1..=16, "a"))).await;
    for (first, again) in first.iter().zip(&again) {
        assert_eq!(
            again["refused"]["code"], first["refused"]["code"],
            "the first result again"
        );
    }
    // The next day has a budget of its own, also for the sign-ins of the day before that are reported late.
    let yesterday = app.clock.now().to_rfc3339();
    app.clock.advance(TimeDelta::days(1));
    let mut acts: Vec<Value> = sign_ins(1..=9, "today");
    acts.extend(sign_ins(1..=24, "late").into_iter().map(|act| at(act, &yesterday)));
    let results = act(&app, &bot, json!(acts)).await;
    let (today, late) = results.split_at(9);
    assert_eq!(counts(today), expected([("performed", 7), ("SIGN_IN_BUDGET_SPENT", 2)]));
    assert!(
        today[..7].iter().all(|result| outcome(result) == "performed"),
        "the first come first"
    );
    assert_eq!(
        counts(late),
        expected([("ALREADY_SIGNED_IN", 7), ("SIGN_IN_BUDGET_SPENT", 17)])
    );
    set_day_budget(&app, 1_000).await;
    let rest = act(&app, &bot, json!(sign_ins(1..=24, "raised"))).await;
    assert_eq!(counts(&rest), expected([("ALREADY_SIGNED_IN", 7), ("performed", 17)]));
    app.assert_audit_finds_nothing().await;
    replica.stop().await;
    app.stop().await;
}
