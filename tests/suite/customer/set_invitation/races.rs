//! Concurrent bindings: no cycle of parents, and one award per binding.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::app::TestApp;

const BIND: &str = "mutation($code: String!) { setInvitation(parentCode: $code) { invitation { parentId } userErrors { code legacyStatus } } }";

#[tokio::test(flavor = "multi_thread")]
async fn two_bindings_at_once_never_close_a_circle() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    for pair in 0..20 {
        let (a, b) = (app.add_user(1_000 + pair).await, app.add_user(2_000 + pair).await);
        let (of_a, of_b) = tokio::join!(
            app.ask_with(&a, BIND, json!({ "code": b.code })),
            other.ask_with(&b, BIND, json!({ "code": a.code })),
        );
        let refused: Vec<&Value> = [&of_a, &of_b]
            .into_iter()
            .map(|reply| &reply["setInvitation"]["userErrors"])
            .filter(|errors| **errors != json!([]))
            .collect();
        assert_eq!(
            refused,
            [&json!([{ "code": "INVITATION_CODE_DESCENDANT", "legacyStatus": 111 }])]
        );
        app.database().assert_books_balance().await;
    }
    other.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_bound_by_many_requests_at_once_pays_its_owner_once() {
    let app = TestApp::start().await;
    let (inviter, child) = (app.add_user(1).await, app.add_user(2).await);
    let replies = join_all((0..50).map(|_| app.ask_with(&child, BIND, json!({ "code": inviter.code })))).await;
    let bound = json!({ "setInvitation": { "invitation": { "parentId": "user_1" }, "userErrors": [] } });
    assert!(
        replies.iter().all(|reply| *reply == bound),
        "the same parent again is a success that changes nothing"
    );
    let paid = app
        .ask(
            &inviter,
            "{ me { awards { nodes { item type targetId status } } balances { pending settled } } }",
        )
        .await;
    let award = json!({ "item": "invite_friend", "type": "INVITE", "targetId": "2", "status": "PENDING" });
    assert_eq!(paid["me"]["awards"]["nodes"], json!([award]));
    app.stop().await;
}
