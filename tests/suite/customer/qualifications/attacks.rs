//! Attempts to be paid without the deeds, or twice.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::task::TaskRejection;
use serde_json::json;

use super::{add_users, award, bind, join, paid, set_rule, sign_in, state, states};
use crate::support::app::{TestApp, instant};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_paid_for_themselves_or_for_a_second_binding() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(&app, &ops, "invite_friend", "invite: { signInDays: 1 }").await;
    let users = add_users(&app, 1..=3).await;
    let code = |errors: serde_json::Value| errors[0]["code"].as_str().map(str::to_owned);
    assert_eq!(
        code(bind(&app, &users[0], &users[0]).await).as_deref(),
        Some("INVITATION_CODE_OWN")
    );
    bind(&app, &users[1], &users[0]).await;
    assert_eq!(
        code(bind(&app, &users[0], &users[1]).await).as_deref(),
        Some("INVITATION_CODE_DESCENDANT")
    );
    for _ in 0..2 {
        sign_in(&app, &users[1]).await;
        assert_eq!(
            bind(&app, &users[1], &users[0]).await,
            json!([]),
            "the same parent again"
        );
        assert_eq!(
            code(bind(&app, &users[1], &users[2]).await).as_deref(),
            Some("INVITATION_ALREADY_SET")
        );
        app.clock.advance(TimeDelta::days(1));
    }
    assert_eq!(paid(&app).await, [award(1, "invite_friend", 2)]);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn voided_deeds_do_not_count() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(
        &app,
        &ops,
        "invite_friend",
        "invite: { signInDays: 2, requiredItems: [\"join_group\"] }",
    )
    .await;
    let (inviter, friend) = (app.add_user(1).await, app.add_user(2).await);
    bind(&app, &friend, &inviter).await;
    sign_in(&app, &friend).await;
    join(&app, 2, "fake", None).await.unwrap();
    let void = "mutation { voidAwards(selection: { userId: \"2\" }, reason: \"a bot\") { problems { code } } }";
    let voided = app.admin(&ops, void, json!({})).await;
    assert_eq!(voided["voidAwards"]["problems"], json!([]));
    for day in 1..=2 {
        app.clock.advance(TimeDelta::days(1));
        sign_in(&app, &friend).await;
        assert_eq!(paid(&app).await, [], "{day} sign-ins and no group");
    }
    join(&app, 2, "real", None).await.unwrap();
    assert_eq!(paid(&app).await, [award(1, "invite_friend", 2)]);
    // A deed that is voided later does not take the award away: operators void it too.
    app.admin(&ops, void, json!({})).await;
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_beyond_the_daily_limit_is_no_deed() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(
        &app,
        &ops,
        "invite_friend",
        "invite: { requiredItems: [\"join_group\"] }",
    )
    .await;
    let (inviter, friend) = (app.add_user(1).await, app.add_user(2).await);
    for group in ["a", "b", "c"] {
        join(&app, 2, group, None).await.unwrap();
    }
    bind(&app, &friend, &inviter).await;
    assert_eq!(
        join(&app, 2, "d", None).await,
        Err(TaskRejection::LimitReached { limit: 3 })
    );
    assert_eq!(
        join(&app, 2, "a", None).await,
        Ok(()),
        "the first result again, of before the binding"
    );
    assert_eq!(states(&app).await, [state(2, "invite_friend", "PENDING", None)]);
    assert_eq!(paid(&app).await, []);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_account_binds_and_earns_nothing() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(&app, &ops, "invite_friend", "invite: { maxAccountAgeDays: 2 }").await;
    let inviter = app.add_user(1).await;
    let friends = add_users(&app, 2..=3).await;
    let until = "{ me { invitation { bindableUntil } } }";
    let shown = app.ask(&friends[0], until).await["me"]["invitation"]["bindableUntil"].take();
    assert_eq!(shown, "2026-11-22T04:00:00.000Z");
    app.clock.set(instant("2026-11-22T03:59:59Z"));
    bind(&app, &friends[0], &inviter).await;
    app.clock.set(instant("2026-11-22T04:00:00Z"));
    assert_eq!(
        bind(&app, &friends[1], &inviter).await,
        json!([]),
        "bound, without an award"
    );
    sign_in(&app, &friends[1]).await;
    assert_eq!(paid(&app).await, [award(1, "invite_friend", 2)]);
    assert_eq!(
        states(&app).await,
        [
            state(2, "invite_friend", "QUALIFIED", None),
            state(3, "invite_friend", "INELIGIBLE", None)
        ]
    );
    let shown = app
        .ask(
            &friends[1],
            "{ me { invitation { bindableUntil } children { nodes { state } } } }",
        )
        .await;
    assert_eq!(
        shown["me"],
        json!({ "invitation": { "bindableUntil": null }, "children": { "nodes": [] } })
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}
