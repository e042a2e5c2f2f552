//! Invitations that pay after deeds of the invitee.

mod attacks;
mod deeds;
mod limits;
mod races;
mod shown;

use newbee::domain::id::UserId;
use newbee::domain::task::{TaskRejection, TaskReport};
use newbee::service::record_task::record_task;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser, instant};
use crate::support::decided;

/// Sets a rule of type INVITE that pays 20 without a hold, with further input such as `invite: { signInDays: 2 }`.
async fn set_rule(app: &TestApp, ops: &str, item: &str, more: &str) {
    let set = format!(
        "mutation {{ setRule(input: {{ item: \"{item}\", type: INVITE, amount: \"20\", coinId: \"1\", reason: \"a test\", {more} }}) {{
            changed problems {{ code message }} }} }}"
    );
    let payload = app.admin(ops, &set, json!({})).await["setRule"].take();
    assert_eq!(payload, json!({ "changed": true, "problems": [] }), "{more}");
}

async fn add_users(app: &TestApp, users: std::ops::RangeInclusive<i64>) -> Vec<TestUser> {
    let mut added = Vec::new();
    for id in users {
        added.push(app.add_user(id).await);
    }
    added
}

/// Binds a code, and returns the codes of the errors.
async fn bind(app: &TestApp, user: &TestUser, inviter: &TestUser) -> Value {
    let bind = "mutation ($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }";
    app.ask_with(user, bind, json!({ "code": inviter.code })).await["setInvitation"]["userErrors"].take()
}

async fn sign_in(app: &TestApp, user: &TestUser) {
    let signed_in = app
        .ask(user, "mutation { signInToday { award { id } userErrors { code } } }")
        .await;
    assert_eq!(signed_in["signInToday"]["userErrors"], json!([]));
}

/// Reports that a user joined a group, possibly in the past.
async fn join(app: &TestApp, user: i64, group: &str, at: Option<&str>) -> Result<(), TaskRejection> {
    let report = TaskReport {
        user_id: UserId(user),
        item: "join_group".to_owned(),
        target_id: Some(group.to_owned()),
        idempotency_key: group.to_owned(),
        occurred_at: at.map(instant),
    };
    decided(record_task(app.pool(), app.calendar, &report, "test", app.now()).await).map(|_| ())
}

/// Awards of type INVITE: user, item, amount and target, in the order of their ids.
async fn paid(app: &TestApp) -> Vec<(i64, String, String, Option<String>)> {
    sqlx::query_as(
        "select user_id, item, amount::text, target_id from awards where award_type = 'INVITE' order by award_id",
    )
    .fetch_all(app.pool())
    .await
    .unwrap()
}

/// Qualifications: invitee, item, state and reason, by invitee and item.
async fn states(app: &TestApp) -> Vec<(i64, String, String, Option<String>)> {
    sqlx::query_as("select user_id, item, state::text, unpaid::text from qualifications order by user_id, item")
        .fetch_all(app.pool())
        .await
        .unwrap()
}

/// An award of 20 of a user for an invitee.
fn award(user: i64, item: &str, invitee: i64) -> (i64, String, String, Option<String>) {
    (user, item.to_owned(), "20.0000".to_owned(), Some(invitee.to_string()))
}

fn state(user: i64, item: &str, state: &str, unpaid: Option<&str>) -> (i64, String, String, Option<String>) {
    (user, item.to_owned(), state.to_owned(), unpaid.map(str::to_owned))
}
