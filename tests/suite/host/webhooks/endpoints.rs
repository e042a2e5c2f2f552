//! Endpoints: creation, addresses, secrets, and tests of them.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::endpoint::EndpointRejection;
use newbee::service::webhooks::{self, EndpointTerms};
use serde_json::{Value, json};

use super::{Ground, rejection, terms};
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn two_secrets_sign_while_one_replaces_the_other() {
    let ground = Ground::new().await;
    let overlap = Some(TimeDelta::hours(2));
    let rotated = webhooks::rotate_secret(ground.app.pool(), "chat", overlap, "a test", &ground.author()).await;
    let (secret, _) = rotated.unwrap().keep().await.unwrap();
    ground.sign_in(1).await;
    let (_, received) = ground.deliver().await;
    let expected = [&secret.reveal(), &ground.secret].map(|secret| received[0].signature_with(secret));
    assert_eq!(received[0].signatures, expected);
    ground.app.clock.advance(TimeDelta::hours(2));
    ground.sign_in(2).await;
    let (_, received) = ground.deliver().await;
    assert_eq!(received[0].signatures, [received[0].signature_with(&secret.reveal())]);
    assert!(ground.endpoint().await.old_secret.is_none(), "the old one is not kept");
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_managed_through_the_admin_api() {
    let ground = Ground::new().await;
    let app = &ground.app;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let mutate = async |mutation: &str| -> Value {
        let mut data = app
            .admin(&ops, &format!("mutation {{ answer: {mutation} }}"), json!({}))
            .await;
        data["answer"].take()
    };
    let accepted = mutate("testEndpoint(name: \"chat\") { accepted status error problems { code } }").await;
    assert_eq!(
        accepted,
        json!({ "accepted": true, "status": 200, "error": null, "problems": [] })
    );
    let request = ground.receiver.take().remove(0);
    assert_eq!(request.json()["type"], "test");
    assert_eq!(request.signatures, [request.signature_with(&ground.secret)]);
    ground.receiver.reply_with([500]);
    let refused = mutate("testEndpoint(name: \"chat\") { accepted status error }").await;
    assert_eq!(
        refused,
        json!({ "accepted": false, "status": 500, "error": "the endpoint replied 500" })
    );
    ground.receiver.take();

    let disabled = mutate(
        "disableEndpoint(name: \"chat\", reason: \"it moves\") { changed endpoint { disabledReason } problems { code } }",
    )
    .await;
    assert_eq!(
        disabled,
        json!({ "changed": true, "endpoint": { "disabledReason": "key:ops: it moves" }, "problems": [] })
    );
    ground.sign_in(1).await;
    assert_eq!(ground.deliver().await.1.len(), 0);
    let again = mutate("disableEndpoint(name: \"chat\", reason: \"it moves\") { changed }").await;
    assert_eq!(again, json!({ "changed": false }));
    let enabled =
        mutate("enableEndpoint(name: \"chat\", reason: \"moved\") { changed endpoint { disabledReason } }").await;
    assert_eq!(
        enabled,
        json!({ "changed": true, "endpoint": { "disabledReason": null } })
    );
    assert_eq!(ground.deliver().await.1.len(), 1);
    let moved = mutate(
        "redeliver(name: \"chat\", after: \"event_0\", reason: \"lost\") { changed endpoint { position } problems { code } }",
    )
    .await;
    assert_eq!(
        moved,
        json!({ "changed": true, "endpoint": { "position": "event_0" }, "problems": [] })
    );
    assert_eq!(ground.deliver().await.1.len(), 1);
    let rotated = mutate("rotateEndpointSecret(name: \"chat\", reason: \"a test\") { secret problems { code } }").await;
    assert!(rotated["secret"].as_str().unwrap().starts_with("whsec_"), "{rotated}");

    let list = app
        .admin(
            &ops,
            "{ endpoints { name kinds position pending failures deadLetterCount deadLetters { after } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        list["endpoints"],
        json!([{ "name": "chat", "kinds": null, "position": "event_1", "pending": 0, "failures": 0, "deadLetterCount": 0,
                 "deadLetters": [] }])
    );
    let actions: Vec<String> =
        sqlx::query_scalar("select action from audit_log where subject = 'endpoint:chat' order by audit_id")
            .fetch_all(app.pool())
            .await
            .unwrap();
    assert_eq!(
        actions,
        [
            "create_endpoint",
            "disable_endpoint",
            "enable_endpoint",
            "redeliver",
            "rotate_endpoint"
        ]
    );
    let log: String = sqlx::query_scalar("select string_agg(before::text || after::text, ' ') from audit_log")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert!(
        !log.contains("whsec_") && !log.contains("secret\""),
        "no secret in the audit log"
    );
    for (mutation, code) in [
        (
            "disableEndpoint(name: \"none\", reason: \"x\") { problems { code } }",
            "ENDPOINT_UNKNOWN",
        ),
        (
            "disableEndpoint(name: \"chat\", reason: \" \") { problems { code } }",
            "REASON_INVALID",
        ),
        ("testEndpoint(name: \"none\") { problems { code } }", "ENDPOINT_UNKNOWN"),
        (
            "redeliver(name: \"chat\", after: \"event_9\", reason: \"x\") { problems { code } }",
            "POSITION_AHEAD",
        ),
        (
            "rotateEndpointSecret(name: \"chat\", overlapHours: 169, reason: \"x\") { problems { code } }",
            "ENDPOINT_OVERLAP_INVALID",
        ),
        (
            "createEndpoint(name: \"chat\", url: \"https://1.1.1.1/\", reason: \"x\") { problems { code } }",
            "ENDPOINT_NAME_TAKEN",
        ),
        (
            "createEndpoint(name: \"Chat\", url: \"https://1.1.1.1/\", reason: \"x\") { problems { code } }",
            "ENDPOINT_NAME_INVALID",
        ),
        (
            "createEndpoint(name: \"b\", url: \"http://1.1.1.1/\", reason: \"x\") { problems { code } }",
            "ENDPOINT_URL_INVALID",
        ),
        (
            "createEndpoint(name: \"b\", url: \"https://127.0.0.1/\", reason: \"x\") { problems { code } }",
            "ENDPOINT_ADDRESS_PRIVATE",
        ),
        (
            "createEndpoint(name: \"b\", url: \"https://localhost/\", reason: \"x\") { problems { code } }",
            "ENDPOINT_ADDRESS_PRIVATE",
        ),
        (
            "createEndpoint(name: \"b\", url: \"https://1.1.1.1/\", kinds: [], reason: \"x\") { problems { code } }",
            "ENDPOINT_NO_KIND",
        ),
    ] {
        assert_eq!(
            mutate(mutation).await["problems"],
            json!([{ "code": code }]),
            "{mutation}"
        );
    }
    ground.stop().await;
}

/// A host that had a public address when the endpoint was made, and leads to a private one now.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_checked_with_every_request() {
    let ground = Ground::new().await;
    ground.sign_in(1).await;
    ground
        .app
        .sql("update host_endpoints set allows_private = false, url = 'https://localhost/hooks'")
        .await;
    let (report, received) = ground.deliver().await;
    assert_eq!((report["failures"].as_i64(), received.len()), (Some(1), 0));
    let endpoint = ground.endpoint().await;
    assert_eq!(
        endpoint.last_error.as_deref(),
        Some("the host leads to a private address")
    );
    assert_eq!(endpoint.delivered_through, 0, "nothing is lost");
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_without_its_secret_shown_does_not_exist() {
    let app = TestApp::in_process().await;
    let author = app.author("test");
    let new = webhooks::create(app.pool(), &terms("http://127.0.0.1:9/"), &author)
        .await
        .unwrap();
    drop(new);
    crate::support::wait_until("it is rolled back", async || {
        webhooks::list(app.pool()).await.unwrap().is_empty()
    })
    .await;
    let from_the_past = EndpointTerms {
        after: Some(newbee::domain::host_event::EventId(5)),
        ..terms("http://127.0.0.1:9/")
    };
    let refused = rejection(webhooks::create(app.pool(), &from_the_past, &author).await);
    assert!(matches!(refused, EndpointRejection::Position(_)), "{refused:?}");
    app.stop().await;
}
