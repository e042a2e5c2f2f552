//! Awards voided, reversed and tried again, each once and with a reason.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::domain::correction::{AwardSelection, Correction, CorrectionRejection};
use newbee::domain::id::{AwardId, UserId};
use newbee::service::correct_awards::{Mode, correct_awards};
use newbee::store::award_timeline;
use newbee::store::corrections::CorrectedGroup;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::decided;

fn author(app: &TestApp) -> Author {
    Author {
        name: "key:ops".into(),
        request_id: Some("request-1".into()),
        at: app.clock.now(),
    }
}

async fn correct(
    app: &TestApp,
    correction: Correction,
    selection: &AwardSelection,
    effect: Mode,
) -> Result<Vec<CorrectedGroup>, CorrectionRejection> {
    decided(correct_awards(app.pool(), correction, selection, "a test", &author(app), effect).await)
}

fn of_user(id: i64) -> AwardSelection {
    AwardSelection {
        user_id: Some(UserId(id)),
        ..AwardSelection::default()
    }
}

/// Numbers of changed and unchanged awards.
fn counts(groups: &[CorrectedGroup]) -> (i64, i64) {
    let of = |changed: bool| {
        groups
            .iter()
            .filter(|group| group.changed == changed)
            .map(|group| group.award_count)
            .sum()
    };
    (of(true), of(false))
}

async fn sign_in(app: &TestApp, user: &TestUser) -> AwardId {
    let data = app.ask(user, "mutation { signInToday { award { id } } }").await;
    let id = data["signInToday"]["award"]["id"].as_str().unwrap();
    AwardId(id.trim_start_matches("award_").parse().unwrap())
}

async fn settle(app: &TestApp) {
    app.run_due_jobs().await; // the jobs are known from now on
    app.clock.advance(TimeDelta::minutes(2));
    app.run_due_jobs().await;
}

async fn balances(app: &TestApp, user: &TestUser) -> Value {
    app.ask(user, "{ me { balances { settled pending } todayAwards { status } } }")
        .await["me"]
        .take()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_award_is_reversed_once_and_its_timeline_tells_of_it() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    let award = sign_in(&app, &user).await;
    let selection = AwardSelection {
        ids: Some(vec![award]),
        ..AwardSelection::default()
    };
    assert_eq!(
        counts(
            &correct(&app, Correction::Reverse, &selection, Mode::Commit)
                .await
                .unwrap()
        ),
        (0, 1),
        "what is not paid cannot be taken back"
    );
    settle(&app).await;
    let tried = correct(&app, Correction::Reverse, &selection, Mode::DryRun)
        .await
        .unwrap();
    assert_eq!(
        balances(&app, &user).await,
        json!({ "balances": [{ "settled": "5.0000", "pending": "0.0000" }], "todayAwards": [{ "status": "SETTLED" }] }),
        "a try changes nothing"
    );
    let reversed = correct(&app, Correction::Reverse, &selection, Mode::Commit)
        .await
        .unwrap();
    assert_eq!((counts(&reversed), &reversed), ((1, 0), &tried));
    let again = correct(&app, Correction::Reverse, &selection, Mode::Commit)
        .await
        .unwrap();
    assert_eq!(counts(&again), (0, 1), "a second reversal changes nothing");
    assert_eq!(
        balances(&app, &user).await,
        json!({ "balances": [{ "settled": "0.0000", "pending": "0.0000" }], "todayAwards": [{ "status": "REVERSED" }] })
    );
    let timeline = award_timeline::of_award(app.pool(), UserId(17), award).await.unwrap();
    let events: Vec<_> = timeline
        .iter()
        .map(|entry| (entry.event.as_str(), entry.actor.as_deref(), entry.job.as_deref()))
        .collect();
    assert_eq!(
        events,
        [
            ("CREATED", Some("user"), None),
            ("SETTLED", None, Some("settle_awards")),
            ("REVERSED", Some("key:ops"), None)
        ]
    );
    assert!(timeline[1].run_id.is_some());
    assert_eq!(timeline[2].reason.as_deref(), Some("a test"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_voids_what_is_pending_and_leaves_the_rest() {
    let app = TestApp::start().await;
    for id in 1..=30 {
        let user = app.add_user(id).await;
        sign_in(&app, &user).await;
        if id == 20 {
            settle(&app).await;
        }
    }
    let of_the_day = AwardSelection {
        business_day: Some(app.now().day),
        item: Some("sign_in".into()),
        ..AwardSelection::default()
    };
    let voided = correct(&app, Correction::Void, &of_the_day, Mode::Commit)
        .await
        .unwrap();
    assert_eq!(counts(&voided), (10, 20));
    assert_eq!(
        counts(
            &correct(&app, Correction::Void, &of_the_day, Mode::Commit)
                .await
                .unwrap()
        ),
        (0, 30)
    );
    let audited: Vec<(String, i64, Value, Value)> = sqlx::query_as(
        "select subject, user_id, before, after from audit_log where action = 'void_award' order by user_id",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    assert_eq!(audited.len(), 10);
    assert_eq!(audited[0].1, 21);
    assert_eq!(
        (&audited[0].2["status"], &audited[0].3["status"]),
        (&json!("PENDING"), &json!("VOID"))
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_reversals_at_once_take_an_award_back_once() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    sign_in(&app, &user).await;
    settle(&app).await;
    let selection = of_user(17);
    let at_once = (0..8).map(|_| correct(&app, Correction::Reverse, &selection, Mode::Commit));
    let changed: i64 = futures_util::future::join_all(at_once)
        .await
        .into_iter()
        .map(|groups| counts(&groups.unwrap()).0)
        .sum();
    assert_eq!(changed, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_award_is_paid_after_a_retry() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    sign_in(&app, &user).await;
    sqlx::query("update awards set settle_error = 'numeric field overflow'")
        .execute(app.pool())
        .await
        .unwrap();
    settle(&app).await;
    assert_eq!(balances(&app, &user).await["todayAwards"][0]["status"], "PENDING");
    let retried = correct(&app, Correction::Retry, &of_user(17), Mode::Commit)
        .await
        .unwrap();
    assert_eq!(counts(&retried), (1, 0));
    app.clock.advance(TimeDelta::minutes(2));
    app.run_due_jobs().await;
    assert_eq!(balances(&app, &user).await["todayAwards"][0]["status"], "SETTLED");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_without_bounds_is_refused() {
    let app = TestApp::start().await;
    let everything = AwardSelection::default();
    assert_eq!(
        correct(&app, Correction::Void, &everything, Mode::Commit).await,
        Err(CorrectionRejection::SelectionTooWide)
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_award_is_reversed_over_the_wire() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let user = app.add_user(17).await;
    let signed_in = app.ask(&user, "mutation { signInToday { award { id } } }").await;
    let id = signed_in["signInToday"]["award"]["id"].as_str().unwrap();
    app.run_due_jobs().await; // the jobs are known from now on
    app.clock.advance(TimeDelta::minutes(2));
    app.run_due_jobs().await;
    let reverse = "mutation ($ids: [ID!], $dry: Boolean!) { reverseAwards(selection: { ids: $ids }, reason: \"a test\", dryRun: $dry) {
        changed { status count } unchanged { status count } problems { code } } }";
    let run =
        async |dry: bool| app.admin(&ops, reverse, json!({ "ids": [id], "dry": dry })).await["reverseAwards"].take();
    let predicted = run(true).await;
    insta::assert_compact_json_snapshot!(predicted, @r#"{"changed": [{"count": 1, "status": "SETTLED"}], "problems": [], "unchanged": []}"#);
    assert_eq!(run(false).await, predicted);
    insta::assert_compact_json_snapshot!(run(false).await, @r#"{"changed": [], "problems": [], "unchanged": [{"count": 1, "status": "REVERSED"}]}"#);
    let everything = "mutation { voidAwards(selection: {}, reason: \"a test\") { problems { code } } }";
    let refused = app.admin(&ops, everything, json!({})).await;
    insta::assert_compact_json_snapshot!(refused, @r#"{"voidAwards": {"problems": [{"code": "SELECTION_TOO_WIDE"}]}}"#);
    let log = app
        .admin(&ops, "{ auditLog(first: 1) { actor action reason } }", json!({}))
        .await;
    insta::assert_compact_json_snapshot!(log, @r#"{"auditLog": [{"action": "reverse_award", "actor": "key:ops", "reason": "a test"}]}"#);
    app.stop().await;
}
