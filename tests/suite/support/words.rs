//! Word campaigns for tests.

use chrono::TimeDelta;
use newbee::domain::audit::Author;
use newbee::domain::word::{Split, WordCampaign, WordCampaignRejection, WordTerms};
use newbee::service::word_campaigns::create_word_campaign;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::decided;

pub const SUBMIT: &str = "mutation ($word: String!) { submitWord(word: $word) {
    award { amount type status targetId } draw { id hash claimedCount myClaim { number place proof } }
    userErrors { code legacyStatus message ... on TooManyTriesError { retryAt } } } }";

/// A campaign of a hundred, open for an hour.
pub fn terms(app: &TestApp, word: &str, share_count: i32) -> WordTerms {
    let now = app.clock.now();
    WordTerms {
        word: word.into(),
        amount: 100.into(),
        coin_id: "1".into(),
        share_count,
        split: Split::Random,
        hold: TimeDelta::zero(),
        opens_at: now,
        closes_at: now + TimeDelta::hours(1),
        beacon_at: None,
        reason: "a test".into(),
    }
}

pub async fn create(app: &TestApp, terms: &WordTerms) -> WordCampaign {
    try_to_create(app, terms).await.expect("sound terms")
}

/// Creates a campaign, or returns what is wrong with its terms.
pub async fn try_to_create(app: &TestApp, terms: &WordTerms) -> Result<WordCampaign, Vec<WordCampaignRejection>> {
    let author = Author::at_the_command_line(app.clock.now());
    decided(create_word_campaign(app.pool(), app.draw_keys(), terms, &author).await)
}

pub async fn submit(app: &TestApp, user: &TestUser, word: &str) -> Value {
    app.ask_with(user, SUBMIT, json!({ "word": word })).await["submitWord"].take()
}

/// The legacy number of the one error of a payload, or 1.
pub fn status(payload: &Value) -> i64 {
    payload["userErrors"][0]["legacyStatus"].as_i64().unwrap_or(1)
}
