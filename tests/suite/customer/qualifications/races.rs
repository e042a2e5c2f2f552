//! Deeds at once, on two replicas, beside bindings, settlement and changes of rules.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use newbee::domain::api_key::Scope;

use super::{add_users, bind, join, paid, set_rule, sign_in};
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn deeds_at_once_pay_each_invitation_once() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let both = "invite: { signInDays: 1, requiredItems: [\"join_group\"] }";
    set_rule(&app, &ops, "invite_friend", both).await;
    set_rule(
        &app,
        &ops,
        "nine_friends",
        "invite: { friends: 9, requiredItems: [\"join_group\"] }",
    )
    .await;
    set_rule(
        &app,
        &ops,
        "welcome",
        &format!("totalBudget: \"220\", {}", both.replace("{ ", "{ pays: INVITEE, ")),
    )
    .await;
    set_rule(&app, &ops, "five_a_life", "invite: { lifetimeLimit: 5, signInDays: 1 }").await;
    // A chain and a star: users 2 to 11 are invited by user 1, each of them invites one more.
    let users = add_users(&app, 1..=21).await;
    for place in 1..=10 {
        bind(&app, &users[place], &users[0]).await;
        bind(&app, &users[place + 10], &users[place]).await;
    }
    for round in 0..3 {
        let deeds = (1..=20).map(|place| {
            let (one, other) = if place % 2 == 0 {
                (&app, &replica)
            } else {
                (&replica, &app)
            };
            let (user, users) = (place as i64 + 1, &users);
            async move {
                let group = format!("{round}");
                let (joined, again, ()) = tokio::join!(
                    join(one, user, &group, None),
                    join(other, user, &group, None),
                    sign_in_if_not(other, &users[place], round)
                );
                joined.and(again).unwrap();
            }
        });
        let settling = async {
            for _ in 0..5 {
                replica.run_due_jobs_but("audit_books").await;
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(join_all(deeds), settling);
        app.clock.advance(TimeDelta::minutes(1));
    }
    let awards = paid(&app).await;
    let count = |item: &str| awards.iter().filter(|award| award.1 == item).count();
    assert_eq!(count("invite_friend"), 20);
    assert_eq!(count("nine_friends"), 1);
    assert_eq!(count("welcome"), 11, "220 is eleven times 20");
    assert_eq!(count("five_a_life"), 15, "five of user 1, one of each other");
    app.assert_audit_finds_nothing().await;
    replica.stop().await;
    app.stop().await;
}

async fn sign_in_if_not(app: &TestApp, user: &crate::support::app::TestUser, round: usize) {
    if round == 0 {
        sign_in(app, user).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_beside_the_binding_counts_before_or_after_it() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(&app, &ops, "invite_friend", "invite: { signInDays: 1 }").await;
    let inviter = app.add_user(1).await;
    let friends = add_users(&app, 2..=31).await;
    for pair in friends.chunks(3) {
        let binding = join_all(pair.iter().map(|friend| bind(&app, friend, &inviter)));
        let signing_in = join_all(pair.iter().map(|friend| sign_in(&replica, friend)));
        tokio::join!(binding, signing_in, sign_in_later(&replica, &inviter, pair.len()));
    }
    // A sign-in before the binding does not count: such a user signs in again on the next day.
    let before = 30 - paid(&app).await.len();
    app.clock.advance(TimeDelta::days(1));
    for friend in &friends {
        sign_in(&app, friend).await;
    }
    assert_eq!(paid(&app).await.len(), 30, "{before} on the second day");
    app.assert_audit_finds_nothing().await;
    replica.stop().await;
    app.stop().await;
}

/// Reads in between, so that the other two meet.
async fn sign_in_later(app: &TestApp, user: &crate::support::app::TestUser, times: usize) {
    for _ in 0..times {
        tokio::time::timeout(Duration::from_secs(60), app.ask(user, "{ me { id } }"))
            .await
            .expect("an answer");
    }
}
