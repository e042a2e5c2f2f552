//! Budgets of rules: never overspent and wholly spent, on several replicas, and visible.

use chrono::TimeDelta;
use futures_util::future::join_all;
use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::database::TestDatabase;
use crate::support::program::{Program, run};
use crate::support::wait_until;

/// Sets a rule of sign-ins of 5 with a budget.
async fn set_sign_in(app: &TestApp, key: &str, budget: &str) {
    let set = format!(
        "mutation {{ setRule(input: {{ item: \"sign_in\", type: DAILY, amount: \"5\", coinId: \"1\", dailyLimit: 1, reason: \"a test\", {budget} }}) {{ changed problems {{ code }} }} }}"
    );
    let payload = app.admin(key, &set, json!({})).await["setRule"].take();
    assert_eq!(payload, json!({ "changed": true, "problems": [] }), "{budget}");
}

/// Code of the error of a sign-in, or the amount of its award.
async fn sign_in(app: &TestApp, user: &TestUser) -> String {
    let query = "mutation { signInToday { award { amount } userErrors { code } } }";
    let data = app.ask(user, query).await["signInToday"].take();
    let code = data["userErrors"][0]["code"].as_str();
    code.or(data["award"]["amount"].as_str()).unwrap().to_owned()
}

fn count(outcomes: &[String], outcome: &str) -> usize {
    outcomes.iter().filter(|each| *each == outcome).count()
}

async fn add_users(app: &TestApp, users: std::ops::RangeInclusive<i64>) -> Vec<TestUser> {
    let mut added = Vec::new();
    for id in users {
        added.push(app.add_user(id).await);
    }
    added
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_spend_the_budget_of_a_day_wholly_and_never_more() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let users = add_users(&app, 1..=40).await;
    set_sign_in(&app, &ops, "dayBudget: \"52\"").await;
    for day in 1..=2 {
        let at_once = users
            .iter()
            .enumerate()
            .map(|(n, user)| sign_in(if n % 2 == 0 { &app } else { &replica }, user));
        let outcomes = join_all(at_once).await;
        assert_eq!(
            (count(&outcomes, "5.0000"), count(&outcomes, "SIGN_IN_BUDGET_SPENT")),
            (10, 30),
            "{outcomes:?}"
        );
        let again = join_all(users.iter().map(|user| sign_in(&replica, user))).await;
        assert_eq!(
            (
                count(&again, "ALREADY_SIGNED_IN"),
                count(&again, "SIGN_IN_BUDGET_SPENT")
            ),
            (10, 30),
            "{again:?}"
        );
        assert_eq!(app.count("select count(*) from awards").await, 10 * day);
        app.clock.advance(TimeDelta::days(1));
    }
    let streaks = app
        .count("select count(*) from award_feeds where streak_length is not null")
        .await;
    assert_eq!(
        streaks,
        app.count("select count(distinct user_id) from awards").await,
        "no streak without an award"
    );
    app.assert_audit_finds_nothing().await;
    replica.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_budget_can_be_raised_and_lowered() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let users = add_users(&app, 1..=12).await;
    assert_eq!(
        sign_in(&app, &users[0]).await,
        "5.0000",
        "before the budget, so not counted"
    );
    set_sign_in(&app, &ops, "totalBudget: \"20\", dayBudget: \"100\"").await;
    let mut next = users[1..].iter();
    let mut sign_in_next = async |count: usize| {
        for _ in 0..count {
            assert_eq!(sign_in(&app, next.next().unwrap()).await, "5.0000");
        }
        assert_eq!(
            sign_in(&app, next.clone().next().unwrap()).await,
            "SIGN_IN_BUDGET_SPENT"
        );
    };
    sign_in_next(4).await;
    set_sign_in(&app, &ops, "totalBudget: \"30\", dayBudget: \"100\"").await;
    sign_in_next(2).await;
    let budgets = "{ budgets { item coinId day { limit spent left } dayRunsOutAt total { limit spent left } totalRunsOutOn dailyAverage } }";
    let shown = app.admin(&ops, budgets, json!({})).await;
    let expected = json!([{
        "item": "sign_in",
        "coinId": "1",
        "day": { "limit": "100.0000", "spent": "30.0000", "left": "70.0000" },
        "dayRunsOutAt": null,
        "total": { "limit": "30.0000", "spent": "30.0000", "left": "0.0000" },
        "totalRunsOutOn": null,
        "dailyAverage": null,
    }]);
    assert_eq!(shown["budgets"], expected);
    set_sign_in(&app, &ops, "totalBudget: \"10\"").await;
    sign_in_next(0).await;
    set_sign_in(&app, &ops, "enabled: true").await;
    for user in &users[7..] {
        assert_eq!(sign_in(&app, user).await, "5.0000", "no budget any more");
    }
    let bad = "mutation { setRule(input: { item: \"sign_in\", type: DAILY, amount: \"5\", coinId: \"1\", dailyLimit: 1, reason: \"x\", dayBudget: \"4.99\" }) { problems { code } } }";
    assert_eq!(
        app.admin(&ops, bad, json!({})).await["setRule"]["problems"],
        json!([{ "code": "BUDGET_INVALID" }])
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_and_bindings_beyond_the_budget_pay_nothing() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    let users = add_users(&app, 1..=20).await;
    app.sql(
        "insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, day_budget, total_budget, changed_by, reason, created_at)
         select item, 2, amount, coin_id, daily_limit, target_rule, 10 * amount, 5 * amount, 'a test', 'a budget', '2026-11-01Z'
         from rule_versions where item in ('join_group', 'invite_friend')",
    )
    .await;
    let record = "mutation ($tasks: [TaskInput!]!) { recordTasks(tasks: $tasks) { results { award { amount } repeated refused { code } } } }";
    let tasks = |offset: i64| -> Value {
        let task = |user: i64| json!({ "userId": user, "item": "join_group", "targetId": "9", "idempotencyKey": "k" });
        (0..10).map(|n| task(2 * n + offset)).collect()
    };
    let outcomes = async |app: &TestApp, offset: i64| -> Vec<String> {
        let data = app.admin(&host, record, json!({ "tasks": tasks(offset) })).await;
        let results = data["recordTasks"]["results"].as_array().unwrap().clone();
        let outcome = |result: &Value| result["refused"]["code"].as_str().unwrap_or("paid").to_owned();
        results.iter().map(outcome).collect()
    };
    let (mut first, second) = tokio::join!(outcomes(&app, 1), outcomes(&replica, 2));
    first.extend(second);
    assert_eq!(
        (count(&first, "paid"), count(&first, "BUDGET_SPENT")),
        (5, 15),
        "{first:?}"
    );
    let (mut again, second) = tokio::join!(outcomes(&app, 1), outcomes(&replica, 2));
    again.extend(second);
    assert_eq!(again, first, "the first results again");
    assert_eq!(app.count("select count(*) from daily_counters").await, 5);

    let bind = format!(
        "mutation {{ setInvitation(parentCode: \"{}\") {{ invitation {{ parentCode }} }} }}",
        users[0].code
    );
    for user in &users[1..8] {
        let bound = app.ask(user, &bind).await;
        assert!(
            bound["setInvitation"]["invitation"]["parentCode"].is_string(),
            "{bound}"
        );
    }
    assert_eq!(
        app.count("select count(*) from awards where item = 'invite_friend'")
            .await,
        5
    );
    app.assert_audit_finds_nothing().await;
    replica.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bonus_beyond_its_budget_is_left_out_and_the_sign_in_is_paid() {
    let app = TestApp::start().await;
    let users = add_users(&app, 1..=5).await;
    app.sql(
        "insert into rules values ('streak_1', 'BONUS');
         insert into rule_versions (item, version, amount, coin_id, target_rule, streak_length, streak_repeats, day_budget, changed_by, reason, created_at)
         values ('streak_1', 1, 7, '1', 'NONE', 1, true, 15, 'a test', 'a budget', '2026-11-01Z')",
    )
    .await;
    let outcomes = join_all(users.iter().map(|user| sign_in(&app, user))).await;
    assert_eq!(count(&outcomes, "5.0000"), 5, "{outcomes:?}");
    assert_eq!(
        app.count("select count(*) from awards where item = 'streak_1'").await,
        2
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_neither_spends_nor_pays() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    for user in ["17", "18"] {
        assert_eq!(run(&database, &["user", "add", user]).await.0, Some(0));
    }
    let set = ["rule", "set", "sign_in", "--day-budget", "7", "--reason", "a test"];
    let (code, _, error) = run(&database, &set).await;
    assert_eq!(code, Some(0), "{error}");
    let key = run(&database, &["session", "issue", "17"]).await.1.trim().to_owned();
    let mutation = "mutation { signInToday { award { amount } userErrors { code } } }";
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("lock table budget_slots in share mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let request = crate::support::http_client()
        .post(program.url())
        .bearer_auth(&key)
        .json(&json!({ "query": mutation }))
        .send();
    let sent = tokio::spawn(request);
    wait_until("the budget waits", async || {
        let waiting = "select count(*) from pg_locks where not granted and relation = 'budget_slots'::regclass";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap() > 0
    })
    .await;
    program.kill().await;
    assert!(sent.await.unwrap().is_err(), "no reply of a killed process");
    lock.rollback().await.unwrap();

    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let (_, reply) = program.ask(Some(&key), mutation).await;
    assert_eq!(reply["data"]["signInToday"]["award"]["amount"], "5.0000", "{reply}");
    let other = run(&database, &["session", "issue", "18"]).await.1.trim().to_owned();
    let (_, reply) = program.ask(Some(&other), mutation).await;
    assert_eq!(
        reply["data"]["signInToday"]["userErrors"][0]["code"], "SIGN_IN_BUDGET_SPENT",
        "{reply}"
    );
    let shown = run(&database, &["rule", "budgets"]).await.1;
    assert!(
        shown.contains("sign_in  today   1     5.0000  7.0000  2.0000"),
        "{shown}"
    );
    program.terminate().await;
    let sums: (i64, i64) = sqlx::query_as(
        "select (select sum(spent) from budget_slots)::bigint, (select sum(amount) from awards)::bigint",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(sums, (5, 5));
    pool.close().await;
}
