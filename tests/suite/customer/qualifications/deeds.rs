//! Deeds, and the award that they make.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::task::TaskRejection;
use serde_json::json;

use super::{add_users, award, bind, join, paid, set_rule, sign_in, state, states};
use crate::support::app::{TestApp, instant};

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_bind_and_do_nothing_earn_their_inviter_nothing() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(&app, &ops, "invite_friend", "invite: { signInDays: 1 }").await;
    let inviter = app.add_user(1).await;
    let idle = add_users(&app, 2..=26).await;
    for user in &idle {
        assert_eq!(bind(&app, user, &inviter).await, json!([]));
    }
    app.clock.advance(TimeDelta::days(3));
    app.run_due_jobs().await;
    assert_eq!(paid(&app).await, []);
    let shown = app.ask(&inviter, "{ me { balances { coinId } children(first: 1) { totalCount } invitation { childStates { pending qualified } } } }").await;
    assert_eq!(
        shown["me"],
        json!({ "balances": [], "children": { "totalCount": 25 }, "invitation": { "childStates": { "pending": 25, "qualified": 0 } } })
    );
    sign_in(&app, &idle[4]).await;
    assert_eq!(paid(&app).await, [award(1, "invite_friend", 6)]);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_deed_pays_by_the_version_of_the_binding() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let (inviter, friend, late) = (app.add_user(1).await, app.add_user(2).await, app.add_user(3).await);
    let conditions = "invite: { requiredItems: [\"join_group\"], signInDays: 2 }";
    set_rule(&app, &ops, "invite_friend", &format!("holdSeconds: 60, {conditions}")).await;
    // Before the binding nothing counts.
    sign_in(&app, &friend).await;
    join(&app, 2, "before", None).await.unwrap();
    bind(&app, &friend, &inviter).await;
    // The rule is changed, then closed: existing bindings keep their version.
    set_rule(
        &app,
        &ops,
        "invite_friend",
        "maxAmount: \"40\", amountStep: \"20\", invite: { signInDays: 9 }",
    )
    .await;
    set_rule(&app, &ops, "invite_friend", "enabled: false").await;
    bind(&app, &late, &inviter).await;
    for user in [&friend, &late] {
        app.clock.advance(TimeDelta::days(1));
        sign_in(&app, user).await;
    }
    app.clock.advance(TimeDelta::days(1));
    sign_in(&app, &friend).await;
    assert_eq!(states(&app).await, [state(2, "invite_friend", "PENDING", None)]);
    join(&app, 2, "after", None).await.unwrap();
    assert_eq!(paid(&app).await, [award(1, "invite_friend", 2)]);
    let made: (i32, String, i64, bool, i64) = sqlx::query_as(
        "select i.rule_version, i.recorded_by, extract(epoch from i.settles_at - i.created_at)::bigint,
                i.created_at = d.created_at and i.business_day = d.business_day, (select count(*) from daily_counters where user_id = 1)
         from awards i, awards d where i.user_id = 1 and d.target_id = 'after'",
    )
    .fetch_one(app.pool())
    .await
    .unwrap();
    assert_eq!(made, (2, "test".to_owned(), 60, true, 1));
    // Later deeds change nothing.
    app.clock.advance(TimeDelta::days(1));
    sign_in(&app, &friend).await;
    assert_eq!(paid(&app).await.len(), 1);
    app.run_due_jobs().await;
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deeds_count_by_their_business_day() {
    // One minute before midnight in Shanghai: the day of the binding is the first of two.
    let app = TestApp::builder().at("2026-11-20T15:59:00Z").start().await;
    app.run_due_jobs().await; // the jobs are known from now on
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(
        &app,
        &ops,
        "invite_friend",
        "invite: { requiredItems: [\"join_group\"], withinDays: 2 }",
    )
    .await;
    let inviter = app.add_user(1).await;
    for user in add_users(&app, 2..=5).await {
        bind(&app, &user, &inviter).await;
    }
    app.clock.set(instant("2026-11-21T15:59:59.999Z"));
    join(&app, 2, "in time", None).await.unwrap();
    app.clock.set(instant("2026-11-21T16:00:00Z"));
    join(&app, 3, "too late", None).await.unwrap();
    let inviters_view = "{ me { children { nodes { id state progress { lastDay doneItems paid } } } invitation { childStates { pending qualified expired } } } }";
    let shown = app.ask(&inviter, inviters_view).await["me"].take();
    assert_eq!(
        shown["invitation"]["childStates"],
        json!({ "pending": 0, "qualified": 1, "expired": 3 })
    );
    assert_eq!(
        shown["children"]["nodes"][3],
        json!({ "id": "child_2", "state": "QUALIFIED", "progress": [{ "lastDay": "2026-11-21", "doneItems": ["join_group"], "paid": true }] })
    );
    // Reported after midnight, before the day is closed.
    app.clock.set(instant("2026-11-21T16:02:00Z"));
    join(&app, 4, "reported late", Some("2026-11-21T15:59:58Z"))
        .await
        .unwrap();
    join(&app, 3, "reported late", Some("2026-11-21T15:59:58Z"))
        .await
        .unwrap();
    assert_eq!(
        paid(&app).await,
        [2, 4, 3].map(|invitee| award(1, "invite_friend", invitee))
    );
    let days: Vec<String> = sqlx::query_scalar("select business_day::text from awards where user_id = 1")
        .fetch_all(app.pool())
        .await
        .unwrap();
    assert_eq!(
        days, ["2026-11-21"; 3],
        "the day of the deed, whose totals hold the award"
    );
    app.clock.set(instant("2026-11-21T16:06:00Z"));
    app.run_due_jobs().await;
    assert!(matches!(
        join(&app, 5, "closed", Some("2026-11-21T15:59:58Z")).await,
        Err(TaskRejection::DayClosed { .. })
    ));
    join(&app, 5, "next day", None).await.unwrap();
    assert_eq!(states(&app).await[3], state(5, "invite_friend", "EXPIRED", None));
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_is_done_once_counts_if_it_was_done_before() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    set_rule(
        &app,
        &ops,
        "invite_friend",
        "invite: { requiredItems: [\"set_fomo_id\"], withinDays: 1 }",
    )
    .await;
    let (inviter, done, undone) = (app.add_user(1).await, app.add_user(2).await, app.add_user(3).await);
    let report = "mutation ($user: ID!) { recordTasks(tasks: [{ userId: $user, item: \"set_fomo_id\", idempotencyKey: \"1\" }]) { results { refused { code } } } }";
    app.admin(&host, report, json!({ "user": "2" })).await;
    for user in [&done, &undone] {
        bind(&app, user, &inviter).await;
    }
    assert_eq!(paid(&app).await, [award(1, "invite_friend", 2)]);
    app.admin(&host, report, json!({ "user": "3" })).await;
    assert_eq!(paid(&app).await.len(), 2);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_for_users_bind_and_are_deeds() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let bot = app.api_key("bot", &[Scope::Act]).await;
    set_rule(&app, &ops, "invite_friend", "invite: { signInDays: 1 }").await;
    let inviter = app.add_user(1).await;
    add_users(&app, 2..=9).await;
    let act = "mutation ($acts: [ActInput!]!) { actForUsers(acts: $acts) { results { refused { code } } } }";
    let perform = async |acts: Vec<serde_json::Value>| {
        let acted = app.admin(&bot, act, json!({ "acts": acts })).await;
        let results = acted["actForUsers"]["results"].as_array().unwrap().clone();
        assert!(results.iter().all(|result| result["refused"].is_null()), "{acted}");
    };
    let each = |act: fn(i64, &str) -> serde_json::Value| (2..=9).map(|user| act(user, &inviter.code)).collect();
    perform(each(
        |user, code| json!({ "setInvitation": { "userId": user, "idempotencyKey": "bind", "parentCode": code } }),
    ))
    .await;
    perform(each(
        |user, _| json!({ "signIn": { "userId": user, "idempotencyKey": "sign in" } }),
    ))
    .await;
    assert_eq!(paid(&app).await.len(), 8);
    assert_eq!(
        app.count("select count(*) from awards where award_type = 'INVITE' and recorded_by = 'key:bot'")
            .await,
        8
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}
