//! Balances while awards become due.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};

const SIGN_IN: &str = "mutation { signInToday { award { businessDay } userErrors { code } } }";

async fn sign_in(app: &TestApp, user: &TestUser) -> Value {
    app.ask(user, SIGN_IN).await["signInToday"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_award_settles_when_it_is_due_and_the_balance_grows() {
    let app = TestApp::start().await;
    let (user, friend) = (app.add_user(1).await, app.add_user(2).await);
    app.run_due_jobs().await; // the jobs are known from now on
    sign_in(&app, &user).await;
    let bind = "mutation($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }";
    app.ask_with(&friend, bind, json!({ "code": user.code })).await;
    let balances = "{ me { balances { coinId settled pending } } }";
    let balance = |settled: &str, pending: &str| json!({ "me": { "balances": [{ "coinId": "1", "settled": settled, "pending": pending }] } });
    assert_eq!(app.ask(&user, balances).await, balance("0.0000", "25.0000"));

    app.clock.advance(TimeDelta::minutes(1));
    app.run_due_jobs().await;
    assert_eq!(
        app.ask(&user, balances).await,
        balance("5.0000", "20.0000"),
        "the invitation is held for three days"
    );
    app.clock.advance(TimeDelta::days(3));
    app.run_due_jobs().await;
    app.clock.advance(TimeDelta::minutes(1));
    app.run_due_jobs().await;
    assert_eq!(app.ask(&user, balances).await, balance("25.0000", "0.0000"));
    app.stop().await;
}
