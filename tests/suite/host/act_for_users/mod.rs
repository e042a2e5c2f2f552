//! Acts that the host performs for users.

mod at_once;
mod budgets;
mod reads;
mod replies;
mod times;

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

pub const ACT: &str = "mutation ($acts: [ActInput!]!) { actForUsers(acts: $acts) { results {
    index award { id item amount businessDay status } bonusAwards { item amount } repeated refused { code message retryAt } } } }";

/// The key of a bot.
pub async fn bot(app: &TestApp) -> String {
    app.api_key("bot", &[Scope::Act]).await
}

pub async fn act(app: &TestApp, key: &str, acts: Value) -> Vec<Value> {
    results(app.admin(key, ACT, json!({ "acts": acts })).await)
}

/// Results in the order of their acts.
pub fn results(mut data: Value) -> Vec<Value> {
    let Value::Array(results) = data["actForUsers"]["results"].take() else {
        panic!("no results")
    };
    for (place, result) in results.iter().enumerate() {
        assert_eq!(result["index"], place);
    }
    results
}

/// Code of the rejection, or what was done.
pub fn outcome(result: &Value) -> &str {
    match (&result["refused"]["code"], &result["repeated"]) {
        (Value::String(code), _) => code,
        (_, Value::Bool(true)) => "repeated",
        _ => "performed",
    }
}

pub fn outcomes(results: &[Value]) -> Vec<&str> {
    results.iter().map(outcome).collect()
}

pub fn sign_in(user: i64, key: &str) -> Value {
    json!({ "signIn": { "userId": user, "idempotencyKey": key } })
}

pub fn submit_word(user: i64, key: &str, word: &str) -> Value {
    json!({ "submitWord": { "userId": user, "idempotencyKey": key, "word": word } })
}

pub fn set_invitation(user: i64, key: &str, code: &str) -> Value {
    json!({ "setInvitation": { "userId": user, "idempotencyKey": key, "parentCode": code } })
}

pub fn reserve(user: i64, key: &str, campaign: &str) -> Value {
    json!({ "reserve": { "userId": user, "idempotencyKey": key, "key": campaign } })
}

/// The act, done at a time.
pub fn at(mut act: Value, occurred_at: &str) -> Value {
    let fields = act.as_object_mut().expect("an act").values_mut();
    fields.for_each(|fields| fields["occurredAt"] = json!(occurred_at));
    act
}
