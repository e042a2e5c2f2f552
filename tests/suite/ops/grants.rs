//! Awards given by hand: all of a grant or none, once, and above a sum only with a second key.

use chrono::TimeDelta;
use futures_util::future::join_all;
use newbee::domain::api_key::Scope;
use newbee::domain::grant::ApprovalLimit;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, run};
use crate::support::{post_graphql, wait_until};

const GRANT: &str = "mutation ($lines: [GrantLineInput!]!, $reason: String!, $key: String!, $dry: Boolean!) {
    grantAwards(lines: $lines, reason: $reason, idempotencyKey: $key, dryRun: $dry) {
        grant { id state lineCount awardCount requestedBy } sums { coinId count amount } needsApproval repeated
        refused { index code } problems { code } } }";

fn line(user: i64, label: &str, amount: &str) -> Value {
    json!({ "userId": user, "label": label, "amount": amount, "coinId": "1" })
}

fn variables(lines: &Value, key: &str, dry: bool) -> Value {
    json!({ "lines": lines, "reason": "a raffle", "key": key, "dry": dry })
}

async fn grant(app: &TestApp, key: &str, lines: &Value, idempotency_key: &str, dry: bool) -> Value {
    app.admin(key, GRANT, variables(lines, idempotency_key, dry)).await["grantAwards"].take()
}

/// Approves or rejects: the state of the grant, or the code of the problem.
async fn decide(app: &TestApp, key: &str, field: &str, id: &str) -> String {
    let reason = if field == "rejectGrant" { ", reason: \"no\"" } else { "" };
    let mutation =
        format!("mutation {{ {field}(id: \"{id}\"{reason}) {{ changed grant {{ state }} problems {{ code }} }} }}");
    let payload = app.admin(key, &mutation, json!({})).await[field].take();
    let outcome = payload["grant"]["state"]
        .as_str()
        .or(payload["problems"][0]["code"].as_str());
    format!("{} {}", outcome.unwrap(), payload["changed"])
}

async fn with_limit(limit: i64) -> (TestApp, String, String) {
    let app = TestApp::builder()
        .approval_limit(ApprovalLimit(Some(limit.into())))
        .start()
        .await;
    let ann = app.api_key("ann", &[Scope::OpsGrant]).await;
    let ben = app.api_key("ben", &[Scope::OpsGrant]).await;
    (app, ann, ben)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_awards_of_a_grant_are_made_once_or_none_is() {
    let app = TestApp::start().await;
    let ann = app.api_key("ann", &[Scope::OpsGrant]).await;
    let user = app.add_user(17).await;
    app.add_user(18).await;
    let flawed = json!([
        line(17, "raffle", "5"),
        line(19, "raffle", "5"),
        line(17, "raffle", "6"),
        line(18, "", "5"),
        line(18, "raffle", "0"),
    ]);
    for dry in [true, false] {
        let refused = grant(&app, &ann, &flawed, "one", dry).await;
        let expected = json!({
            "grant": null,
            "sums": [{ "coinId": "1", "count": 1, "amount": "5.0000" }],
            "needsApproval": false,
            "repeated": false,
            "refused": [
                { "index": 1, "code": "USER_UNKNOWN" },
                { "index": 2, "code": "LINE_REPEATED" },
                { "index": 3, "code": "LABEL_INVALID" },
                { "index": 4, "code": "AMOUNT_INVALID" },
            ],
            "problems": [{ "code": "LINES_REFUSED" }],
        });
        assert_eq!(refused, expected, "dry run: {dry}");
    }
    let lines = json!([
        line(17, "raffle", "5"),
        line(18, "raffle", "7.5"),
        line(17, "bug hunt", "2")
    ]);
    let tried = grant(&app, &ann, &lines, "one", true).await;
    assert_eq!(
        (&tried["grant"], &tried["sums"][0]["amount"]),
        (&Value::Null, &json!("14.5000"))
    );
    assert_eq!(
        app.count("select count(*) from awards").await,
        0,
        "a dry run writes nothing"
    );
    let granted = grant(&app, &ann, &lines, "one", false).await;
    insta::assert_compact_json_snapshot!(granted["grant"], @r#"{"awardCount": 3, "id": "grant_1", "lineCount": 3, "requestedBy": "key:ann", "state": "GRANTED"}"#);
    let again = grant(&app, &ann, &lines, "one", false).await;
    assert_eq!((&again["grant"], &again["repeated"]), (&granted["grant"], &json!(true)));
    let other = grant(&app, &ann, &json!([line(17, "raffle", "5")]), "one", false).await;
    assert_eq!(other["problems"], json!([{ "code": "CONFLICT" }]));
    assert_eq!(app.count("select count(*) from awards").await, 3);

    app.run_due_jobs().await; // the jobs are known from now on
    app.clock.advance(TimeDelta::minutes(2));
    app.run_due_jobs().await;
    let seen = app
        .ask(
            &user,
            "{ me { balances { settled } awards(type: GRANT) { nodes { item targetId amount status } } } }",
        )
        .await;
    let expected = json!({
        "balances": [{ "settled": "7.0000" }],
        "awards": { "nodes": [
            { "item": "grant", "targetId": "bug hunt", "amount": "2.0000", "status": "SETTLED" },
            { "item": "grant", "targetId": "raffle", "amount": "5.0000", "status": "SETTLED" },
        ] },
    });
    assert_eq!(seen["me"], expected);
    let log = "{ auditLog(subject: \"grant:1\") { actor action reason } grant(id: \"grant_1\") { lines(first: 1, after: 1) { userId label awardId } } }";
    let kept = app.admin(&ann, log, json!({})).await;
    insta::assert_compact_json_snapshot!(kept["auditLog"], @r#"[{"action": "grant_awards", "actor": "key:ann", "reason": "a raffle"}]"#);
    assert_eq!(kept["grant"]["lines"][0]["userId"], "18");
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_grant_waits_for_another_key() {
    let (app, ann, ben) = with_limit(100).await;
    app.add_user(17).await;
    app.add_user(18).await;
    let small = grant(&app, &ann, &json!([line(17, "a", "60")]), "small", false).await;
    assert_eq!(small["grant"]["state"], "GRANTED");
    // Several small grants of a day are one large one.
    let rest = json!([line(17, "b", "30"), line(18, "b", "30")]);
    let waiting = grant(&app, &ann, &rest, "rest", false).await;
    assert_eq!(
        (&waiting["grant"]["state"], &waiting["needsApproval"]),
        (&json!("WAITING"), &json!(true))
    );
    let id = waiting["grant"]["id"].as_str().unwrap();
    assert_eq!(app.count("select count(*) from awards").await, 1);
    assert_eq!(decide(&app, &ann, "approveGrant", id).await, "SECOND_KEY_NEEDED false");
    let listed = app
        .admin(
            &ben,
            "{ grants(waiting: true) { id requestedBy sums { amount } } }",
            json!({}),
        )
        .await;
    insta::assert_compact_json_snapshot!(listed["grants"], @r#"[{"id": "grant_2", "requestedBy": "key:ann", "sums": [{"amount": "60.0000"}]}]"#);

    // A user who was erased meanwhile gets nothing.
    let host = app.api_key("host", &[Scope::Host]).await;
    let erase = "mutation { eraseUser(userId: 18, reason: \"asked\") { changed redactedAwards } }";
    let erased = app.admin(&host, erase, json!({})).await;
    assert_eq!(erased["eraseUser"]["changed"], true);
    assert_eq!(decide(&app, &ben, "approveGrant", id).await, "GRANTED true");
    assert_eq!(
        decide(&app, &ben, "approveGrant", id).await,
        "GRANTED false",
        "the same decision again"
    );
    assert_eq!(decide(&app, &ben, "rejectGrant", id).await, "GRANT_DECIDED false");
    assert_eq!(app.count("select count(*) from awards").await, 2);
    let again = grant(&app, &ann, &rest, "rest", false).await;
    assert_eq!(
        (&again["grant"]["awardCount"], &again["repeated"]),
        (&json!(1), &json!(true))
    );

    let withdrawn = grant(&app, &ann, &json!([line(17, "c", "500")]), "third", false).await;
    let id = withdrawn["grant"]["id"].as_str().unwrap();
    assert_eq!(decide(&app, &ann, "rejectGrant", id).await, "REJECTED true");
    let late = grant(&app, &ann, &json!([line(17, "d", "500")]), "fourth", false).await;
    let id = late["grant"]["id"].as_str().unwrap();
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(decide(&app, &ben, "approveGrant", id).await, "GRANT_EXPIRED false");
    assert_eq!(
        decide(&app, &ben, "approveGrant", "grant_99").await,
        "GRANT_UNKNOWN false"
    );
    assert_eq!(app.count("select count(*) from awards").await, 2);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_decisions_at_once_on_two_replicas_have_one_effect() {
    let (app, ann, ben) = with_limit(1_000).await;
    let replica = app.replica().await;
    for id in 1..=20 {
        app.add_user(id).await;
    }
    let lines: Vec<Value> = (1..=20).map(|user| line(user, "gift", "10")).collect();
    let lines = json!(lines);
    let at_once = (0..8).map(|n| grant(if n % 2 == 0 { &app } else { &replica }, &ann, &lines, "key", false));
    let outcomes = join_all(at_once).await;
    assert!(
        outcomes.iter().all(|outcome| outcome["grant"]["awardCount"] == 20),
        "{outcomes:?}"
    );
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome["repeated"] == false).count(),
        1
    );
    assert_eq!(app.count("select count(*) from awards").await, 20);

    // Together above the limit: only as many as fit are granted at once.
    let singles: Vec<Value> = (1..=10).map(|n| json!([line(n, "single", "100")])).collect();
    let ann = &ann;
    let at_once = singles.iter().enumerate().map(|(n, lines)| {
        let app = if n % 2 == 0 { &app } else { &replica };
        let key = format!("single-{n}");
        async move { grant(app, ann, lines, &key, false).await }
    });
    let outcomes = join_all(at_once).await;
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| outcome["grant"]["state"] == "GRANTED")
            .count(),
        8
    );

    let waiting = outcomes
        .iter()
        .find(|outcome| outcome["grant"]["state"] == "WAITING")
        .unwrap();
    let id = waiting["grant"]["id"].as_str().unwrap();
    let cleo = app.api_key("cleo", &[Scope::OpsGrant]).await;
    let at_once = (0..9).map(|n| {
        let app = if n % 2 == 0 { &app } else { &replica };
        let (key, field) = [(&ben, "approveGrant"), (&cleo, "approveGrant"), (&cleo, "rejectGrant")][n % 3];
        decide(app, key, field, id)
    });
    let decisions = join_all(at_once).await;
    assert_eq!(
        decisions.iter().filter(|outcome| outcome.ends_with("true")).count(),
        1,
        "{decisions:?}"
    );
    let granted = decisions.iter().any(|outcome| outcome == "GRANTED true");
    assert_eq!(app.count("select count(*) from awards").await, 28 + i64::from(granted));
    app.assert_audit_finds_nothing().await;
    replica.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_awards_are_granted_in_one_call() {
    let app = TestApp::start().await;
    let ann = app.api_key("ann", &[Scope::OpsGrant]).await;
    app.sql(
        "insert into users (user_id, created_at, updated_at) select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, 5000) n",
    )
    .await;
    let lines: Vec<Value> = (0..10_001)
        .map(|n| line(n % 5_000 + 1, &format!("gift {n}"), "0.5"))
        .collect();
    let too_many = grant(&app, &ann, &json!(lines), "key", false).await;
    assert_eq!(too_many["problems"], json!([{ "code": "TOO_MANY_LINES" }]));
    let granted = grant(&app, &ann, &json!(lines[..10_000]), "key", false).await;
    assert_eq!(granted["grant"]["awardCount"], 10_000, "{granted}");
    assert_eq!(
        granted["sums"],
        json!([{ "coinId": "1", "count": 10_000, "amount": "5000.0000" }])
    );
    assert_eq!(
        app.count("select count(distinct (user_id, changed_in)) from awards")
            .await,
        10_000
    );
    assert_eq!(
        app.count("select count(*) from award_feeds where last_change = 2")
            .await,
        5_000
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_of_a_killed_process_is_made_whole_by_the_repetition() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    for user in ["17", "18"] {
        assert_eq!(run(&database, &["user", "add", user]).await.0, Some(0));
    }
    let (_, key, _) = run(&database, &["key", "create", "ann", "--scope", "ops-grant"]).await;
    let lines = json!([line(17, "gift", "5"), line(18, "gift", "5")]);
    let client = crate::support::http_client();
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("lock table awards in share mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let url = format!("http://{}/admin/graphql", program.address);
    let request = client
        .post(&url)
        .bearer_auth(key.trim())
        .json(&json!({ "query": GRANT, "variables": variables(&lines, "key", false) }));
    let sent = tokio::spawn(request.send());
    wait_until("the awards wait", async || {
        let waiting = "select count(*) from pg_locks where not granted and relation = 'awards'::regclass";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap() > 0
    })
    .await;
    program.kill().await;
    assert!(sent.await.unwrap().is_err(), "no reply of a killed process");
    lock.rollback().await.unwrap();

    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let url = format!("http://{}/admin/graphql", program.address);
    for _ in 0..2 {
        let (_, reply) = post_graphql(&client, &url, Some(key.trim()), GRANT, variables(&lines, "key", false)).await;
        assert_eq!(reply["data"]["grantAwards"]["grant"]["awardCount"], 2, "{reply}");
    }
    let made: i64 = sqlx::query_scalar("select count(*) from awards")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(made, 2);
    program.terminate().await;
    pool.close().await;
}
