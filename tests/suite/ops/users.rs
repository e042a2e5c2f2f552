//! Users as operators find and see them.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use serde_json::json;

use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_by_number_name_or_code() {
    let app = TestApp::start().await;
    let ops = app.api_key("desk", &[Scope::OpsRead]).await;
    let user = app.add_user(17).await;
    app.add_user(18).await;
    let find = async |text: &str| {
        let query = "query ($text: String!) { findUsers(text: $text) { id } }";
        let found = app.admin(&ops, query, json!({ "text": text })).await;
        let ids = found["findUsers"].as_array().unwrap().iter();
        ids.map(|user| user["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(find("17").await, ["17"]);
    assert_eq!(find(&user.code.to_lowercase()).await, ["17"]);
    assert_eq!(find("user 1").await, ["17", "18"]);
    for nobody in ["ser 17", "%", "User_17", "99", "\\", "\0"] {
        assert_eq!(find(nobody).await, Vec::<String>::new(), "{nobody}");
    }
    let (_, reply) = app
        .admin_reply(Some(&ops), "{ findUsers(text: \" \") { id } }", json!({}))
        .await;
    assert_eq!(reply["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_about_a_user_is_in_one_answer() {
    let app = TestApp::start().await;
    let both = app.api_key("desk", &[Scope::OpsWrite, Scope::Host]).await;
    let (user, child) = (app.add_user(17).await, app.add_user(18).await);
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    let bind = format!(
        "mutation {{ setInvitation(parentCode: \"{}\") {{ userErrors {{ code }} }} }}",
        user.code
    );
    app.ask(&child, &bind).await;
    app.run_due_jobs().await; // the jobs are known from now on
    app.clock.advance(TimeDelta::minutes(2));
    app.run_due_jobs().await;
    let seen = app
        .admin(
            &both,
            "{ user(id: \"17\") {
                name childrenCount streak
                balances { coinId settled pending }
                awards { item status recordedBy ruleVersion timeline { event actor job } }
                ledger { kind amount }
                sessions { origin revokedAt }
                dailyCounts { item count }
                tries { action }
                reservations { key }
            } none: user(id: \"99\") { id } }",
            json!({}),
        )
        .await;
    assert_eq!(
        seen,
        json!({
            "user": {
                "name": "User 17", "childrenCount": 1, "streak": 1,
                "balances": [{ "coinId": "1", "settled": "5.0000", "pending": "20.0000" }],
                "awards": [
                    { "item": "invite_friend", "status": "PENDING", "recordedBy": null, "ruleVersion": 1,
                      "timeline": [{ "event": "CREATED", "actor": "user", "job": null }] },
                    { "item": "sign_in", "status": "SETTLED", "recordedBy": null, "ruleVersion": 1,
                      "timeline": [{ "event": "CREATED", "actor": "user", "job": null },
                                   { "event": "SETTLED", "actor": null, "job": "settle_awards" }] },
                ],
                "ledger": [{ "kind": "SETTLE", "amount": "5.0000" }],
                "sessions": [{ "origin": "issued", "revokedAt": null }],
                "dailyCounts": [{ "item": "invite_friend", "count": 1 }],
                "tries": [],
                "reservations": [],
            },
            "none": null,
        })
    );
    app.stop().await;
}
