//! Targets that count once for all time: leaving and re-joining a group pays once.

use chrono::TimeDelta;
use futures_util::future::join_all;
use newbee::domain::api_key::Scope;
use newbee::domain::id::UserId;
use newbee::domain::task::{TaskRejection, TaskReport};
use newbee::service::record_task::record_task;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::decided;

async fn join(app: &TestApp, group: &str, key: &str) -> Result<(), TaskRejection> {
    let report = TaskReport {
        user_id: UserId(17),
        item: "join_group".to_owned(),
        target_id: Some(group.to_owned()),
        idempotency_key: key.to_owned(),
        occurred_at: None,
    };
    decided(record_task(app.pool(), app.calendar, &report, "test", app.now()).await).map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_and_joining_again_pays_once() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    app.add_user(17).await;
    join(&app, "before the change", "a").await.unwrap();
    let set = "mutation { setRule(input: { item: \"join_group\", type: DAILY, amount: \"10\", coinId: \"1\", dailyLimit: 3, targetRule: ONCE,
        reason: \"once per group\" }) { rule { targetRule } problems { code } } }";
    let changed = app.admin(&ops, set, json!({})).await;
    assert_eq!(changed["setRule"]["rule"]["targetRule"], "ONCE");
    join(&app, "one", "b").await.unwrap();
    for day in 1..=3 {
        app.clock.advance(TimeDelta::days(1));
        app.run_due_jobs().await;
        for group in ["one", "before the change"] {
            let again = join(&app, group, &format!("{day} {group}")).await;
            assert_eq!(again, Err(TaskRejection::AlreadyAwarded), "{group}");
        }
        let keys: Vec<String> = (0..8).map(|key| format!("{day} {key}")).collect();
        let group = format!("another {day}");
        let at_once = keys.iter().enumerate().map(|(place, key)| {
            let app = if place % 2 == 0 { &app } else { &replica };
            join(app, &group, key)
        });
        let joined = join_all(at_once).await;
        assert_eq!(joined.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{joined:?}");
    }
    let missing = TaskReport {
        user_id: UserId(17),
        item: "join_group".to_owned(),
        target_id: None,
        idempotency_key: "no target".to_owned(),
        occurred_at: None,
    };
    let missing = decided(record_task(app.pool(), app.calendar, &missing, "test", app.now()).await);
    assert_eq!(missing.map(|_| ()), Err(TaskRejection::TargetMissing));
    assert_eq!(app.count("select count(*) from awards").await, 5);
    // The limit per day still holds.
    for group in ["x", "y"] {
        join(&app, group, group).await.unwrap();
    }
    assert_eq!(
        join(&app, "z", "z").await,
        Err(TaskRejection::LimitReached { limit: 3 })
    );
    app.assert_audit_finds_nothing().await;
    replica.stop().await;
    app.stop().await;
}
