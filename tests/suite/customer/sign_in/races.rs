//! Many sign-ins at once make one award per user.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::app::TestApp;

const SIGN_IN: &str =
    "mutation { signInToday { award { id } userErrors { code ... on AlreadySignedInError { award { id } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_sign_ins_at_once_on_two_replicas_make_one_award_that_all_answers_name() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    let user = app.add_user(17).await;

    let replies = join_all((0..200).map(|number| {
        let (replica, user) = (if number % 2 == 0 { &app } else { &other }, &user);
        async move { replica.ask(user, SIGN_IN).await["signInToday"].take() }
    }))
    .await;
    let mut awards: BTreeMap<String, usize> = BTreeMap::new();
    for reply in &replies {
        *awards.entry(reply["award"]["id"].to_string()).or_default() += 1;
    }
    assert_eq!(awards.len(), 1, "{awards:?}");
    let (first, again): (Vec<&Value>, Vec<&Value>) = replies.iter().partition(|reply| reply["userErrors"] == json!([]));
    assert_eq!((first.len(), again.len()), (1, 199));
    for reply in again {
        assert_eq!(reply["userErrors"][0]["code"], "ALREADY_SIGNED_IN");
        assert_eq!(reply["userErrors"][0]["award"], reply["award"]);
    }
    let made: i64 = sqlx::query_scalar("select count(*) from awards")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(made, 1);
    other.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_users_at_once_take_far_fewer_statements_than_sixty_four() {
    let app = TestApp::start().await;
    let mut users = Vec::new();
    for id in 1..=64 {
        users.push(app.add_user(id).await);
    }
    let sign_ins = join_all(users.iter().map(|user| app.ask(user, SIGN_IN))).await;
    assert!(
        sign_ins
            .iter()
            .all(|reply| reply["signInToday"]["userErrors"] == json!([]))
    );
    // Rows of one transaction have the same xmin.
    let transactions: i64 = sqlx::query_scalar("select count(distinct xmin::text) from awards")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert!(transactions < 32, "{transactions} transactions for 64 sign-ins");
    assert!(
        app.sessions.statements() < 32,
        "{} statements for 64 session keys",
        app.sessions.statements()
    );

    let before = app.reads.statements();
    let whole = "{ me { name newbeeAwards { id } todayAwards { id } invitation { code } children { totalCount } } }";
    join_all(users.iter().map(|user| app.ask(user, whole))).await;
    let statements = app.reads.statements() - before;
    assert!(statements < 32, "{statements} statements for 64 requests");
    app.stop().await;
}
