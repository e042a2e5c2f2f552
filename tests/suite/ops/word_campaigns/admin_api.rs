//! Words and reservations made, launched and ended over the admin API.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

fn codes(payload: &Value) -> Vec<&str> {
    let problems = payload["problems"].as_array().unwrap().iter();
    problems.map(|problem| problem["code"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_is_looked_at_made_and_ended() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let input = json!({ "word": "moon", "amount": "10", "coinId": "1", "shareCount": 4, "split": "FIXED",
                        "closesAt": "2026-12-01T00:00:00Z", "reason": "a test" });
    let preview = "query ($input: WordCampaignInput!) { previewWordCampaign(input: $input) {
        least most median sum firstShares problems { code } } }";
    let shown = app.admin(&ops, preview, json!({ "input": input })).await;
    assert_eq!(
        shown["previewWordCampaign"],
        json!({ "least": "2.5000", "most": "2.5000", "median": "2.5000", "sum": "10.0000",
                "firstShares": ["2.5000", "2.5000", "2.5000", "2.5000"], "problems": [] })
    );
    assert_eq!(
        app.admin(&ops, "{ wordCampaigns { id } }", json!({})).await["wordCampaigns"],
        json!([])
    );
    let create = "mutation ($input: WordCampaignInput!) { createWordCampaign(input: $input) {
        changed campaign { id word seed guarantee claimedCount } problems { code } } }";
    let made = app.admin(&ops, create, json!({ "input": input })).await;
    assert_eq!(
        made["createWordCampaign"],
        json!({ "changed": true, "problems": [],
                "campaign": { "id": "word_1", "word": "moon", "seed": null, "guarantee": "COMMITMENT_ONLY", "claimedCount": 0 } })
    );
    let again = app.admin(&ops, create, json!({ "input": input })).await;
    assert_eq!(codes(&again["createWordCampaign"]), ["WORD_TAKEN"]);
    let end = "mutation ($id: ID!) { endWordCampaign(id: $id, reason: \"a test\") { changed campaign { seed } problems { code } } }";
    let ended = app.admin(&ops, end, json!({ "id": "word_1" })).await["endWordCampaign"].take();
    assert!(ended["changed"] == json!(true) && ended["campaign"]["seed"].as_str().unwrap().len() == 96);
    let again = app.admin(&ops, end, json!({ "id": "word_1" })).await["endWordCampaign"].take();
    assert!(
        again["changed"] == json!(false) && codes(&again).is_empty(),
        "a second end changes nothing"
    );
    let unknown = app.admin(&ops, end, json!({ "id": "word_9" })).await;
    assert_eq!(codes(&unknown["endWordCampaign"]), ["CAMPAIGN_UNKNOWN"]);
    app.stop().await;
}
