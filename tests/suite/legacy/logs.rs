//! The log entry of a legacy request, which contains no keys.

use serde_json::json;

use crate::legacy::wire::{INTERNAL, assert_fails, text_of};
use crate::support::app::TestApp;
use crate::support::log::{CapturedLog, assert_holds_none_of, fields};

#[tokio::test]
async fn one_line_per_request_and_no_keys() {
    let log = CapturedLog::start();

    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    app.call("get_invitation", &user).await;
    app.call_with("set_invitation", &user, &[("parent_code", &user.code)])
        .await;
    text_of(app.method("get_children").form(&[("session_key", "wrong-key")])).await;
    text_of(
        app.method("get_children")
            .header("content-type", "text/plain")
            .body(user.key.clone()),
    )
    .await;
    text_of(app.method(&user.key)).await;
    text_of(
        app.client
            .get(app.url("/customer/sign_in_today"))
            .query(&[("session_key", &user.key)]),
    )
    .await;
    app.sql("alter table invitations rename to elsewhere").await;
    let failing = app.method("get_invitation").header("x-request-id", "log-test");
    assert_fails(&text_of(failing.form(&[("session_key", &user.key)])).await, INTERNAL);

    let lines = log.lines();
    let operations: Vec<_> = fields(&lines, "newbee::operation")
        .into_iter()
        .map(|fields| {
            json!([
                fields["operation"],
                fields["kind"],
                fields["status"],
                fields["error_codes"]
            ])
        })
        .collect();
    assert_eq!(
        operations,
        [
            json!(["get_invitation", "legacy", 200, ""]),
            json!(["set_invitation", "legacy", 200, "110"]),
            json!(["get_children", "legacy", 200, "3"]),
            json!(["get_children", "legacy", 200, "0,UNSUPPORTED_MEDIA_TYPE"]),
            json!(["", "unknown", 200, "6"]),
            json!(["sign_in_today", "legacy", 200, "0"]),
            json!(["get_invitation", "legacy", 200, "5"]),
        ]
    );
    let causes = fields(&lines, "newbee::http::legacy");
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!(causes[0]["request_id"], "log-test");
    assert!(
        causes[0]["cause"].as_str().unwrap().contains("invitations"),
        "{causes:?}"
    );

    assert_holds_none_of(&lines, &[&user.key, "wrong-key"]);
}
