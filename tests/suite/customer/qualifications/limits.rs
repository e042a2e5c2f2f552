//! Milestones, limits and budgets of invitation awards.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use serde_json::json;

use super::{add_users, award, bind, paid, set_rule, sign_in, state, states};
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_milestone_is_paid_once_when_enough_invitees_qualified() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let inviter = app.add_user(1).await;
    let friends = add_users(&app, 2..=7).await;
    set_rule(&app, &ops, "invite_friend", "enabled: false").await;
    set_rule(&app, &ops, "three_friends", "invite: { friends: 3, signInDays: 1 }").await;
    for friend in &friends {
        bind(&app, friend, &inviter).await;
    }
    for (place, friend) in friends.iter().enumerate() {
        sign_in(&app, friend).await;
        assert_eq!(paid(&app).await.len(), usize::from(place >= 2), "{place}");
    }
    assert_eq!(
        paid(&app).await,
        [(1, "three_friends".to_owned(), "20.0000".to_owned(), None)]
    );
    let reasons: Vec<_> = states(&app).await.into_iter().map(|(.., unpaid)| unpaid).collect();
    let reasons: Vec<_> = reasons.iter().map(Option::as_deref).collect();
    let (more, paid_before) = (Some("MORE_FRIENDS"), Some("ALREADY_PAID"));
    assert_eq!(reasons, [more, more, None, paid_before, paid_before, paid_before]);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_milestone_without_deeds_counts_bindings() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let inviter = app.add_user(1).await;
    set_rule(&app, &ops, "two_friends", "invite: { friends: 2 }").await;
    for friend in add_users(&app, 2..=4).await {
        bind(&app, &friend, &inviter).await;
    }
    let items: Vec<String> = paid(&app).await.into_iter().map(|(_, item, ..)| item).collect();
    assert_eq!(
        items,
        ["invite_friend", "invite_friend", "two_friends", "invite_friend"],
        "beside the rule without conditions"
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_a_limit_or_budget_an_invitee_qualifies_and_pays_nothing() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let inviter = app.add_user(1).await;
    let friends = add_users(&app, 2..=7).await;
    for (item, more) in [
        ("invite_friend", "dailyLimit: 2, invite: { signInDays: 1 }"),
        ("invite_lifetime", "invite: { signInDays: 1, lifetimeLimit: 3 }"),
        (
            "invite_budget",
            "dayBudget: \"30\", totalBudget: \"50\", invite: { signInDays: 1 }",
        ),
    ] {
        set_rule(&app, &ops, item, more).await;
    }
    for friend in &friends {
        bind(&app, friend, &inviter).await;
    }
    for day in friends.chunks(3) {
        for friend in day {
            sign_in(&app, friend).await;
        }
        app.clock.advance(TimeDelta::days(1));
    }
    let unpaid = |item: &str| {
        let item = item.to_owned();
        let states = states(&app);
        async move {
            let mut reasons = Vec::new();
            for (user, of, state, unpaid) in states.await {
                assert_eq!(state, "QUALIFIED", "{user} {of}");
                reasons.extend((of == item).then_some(unpaid));
            }
            reasons
        }
    };
    let limit = |name: &str| Some(name.to_owned());
    let daily = limit("DAILY_LIMIT");
    assert_eq!(
        unpaid("invite_friend").await,
        [None, None, daily.clone(), None, None, daily]
    );
    let lifetime = limit("LIFETIME_LIMIT");
    assert_eq!(
        unpaid("invite_lifetime").await,
        [None, None, None, lifetime.clone(), lifetime.clone(), lifetime]
    );
    let budget = limit("BUDGET");
    assert_eq!(
        unpaid("invite_budget").await,
        [None, budget.clone(), budget.clone(), None, budget.clone(), budget]
    );
    app.run_due_jobs().await;
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitee_is_paid_for_their_own_binding() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(&app, &ops, "invite_friend", "invite: { pays: INVITEE }").await;
    set_rule(&app, &ops, "welcome", "invite: { pays: INVITEE, signInDays: 1 }").await;
    let (inviter, friend) = (app.add_user(1).await, app.add_user(2).await);
    bind(&app, &friend, &inviter).await;
    assert_eq!(paid(&app).await, [award(2, "invite_friend", 1)]);
    let progress = "{ me { invitation { progress { item state signInDays requiredSignInDays paid } } } }";
    let shown = async || app.ask(&friend, progress).await["me"]["invitation"]["progress"].take();
    assert_eq!(
        shown().await,
        json!([{ "item": "welcome", "state": "PENDING", "signInDays": 0, "requiredSignInDays": 1, "paid": false }])
    );
    sign_in(&app, &friend).await;
    assert_eq!(
        shown().await,
        json!([{ "item": "welcome", "state": "QUALIFIED", "signInDays": 1, "requiredSignInDays": 1, "paid": true }])
    );
    assert_eq!(paid(&app).await[1], award(2, "welcome", 1));
    let children = app
        .ask(
            &inviter,
            "{ me { children { nodes { state progress { item } } } invitation { progress { item } } } }",
        )
        .await;
    assert_eq!(
        children["me"],
        json!({ "children": { "nodes": [{ "state": null, "progress": [] }] }, "invitation": { "progress": [] } }),
        "the inviter sees only what pays them"
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_inviter_is_not_paid() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    set_rule(&app, &ops, "invite_friend", "invite: { signInDays: 1 }").await;
    let inviter = app.add_user(1).await;
    let friends = add_users(&app, 2..=3).await;
    for friend in &friends {
        bind(&app, friend, &inviter).await;
    }
    for user in ["1", "3"] {
        let erase = "mutation ($user: ID!) { eraseUser(userId: $user, reason: \"a wish\") { changed } }";
        let erased = app.admin(&host, erase, json!({ "user": user })).await;
        assert_eq!(erased["eraseUser"]["changed"], true);
    }
    sign_in(&app, &friends[0]).await;
    assert_eq!(paid(&app).await, []);
    assert_eq!(
        states(&app).await,
        [
            state(2, "invite_friend", "QUALIFIED", Some("ERASED")),
            state(3, "invite_friend", "EXPIRED", None)
        ]
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}
