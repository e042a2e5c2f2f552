//! Word campaigns previewed, created and ended over the admin API.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_word_is_looked_at_made_and_ended() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let input = json!({ "word": "moon", "amount": "10", "coinId": "1", "shareCount": 4, "split": "FIXED",
                        "closesAt": "2026-12-01T00:00:00Z", "reason": "a test" });
    let preview = "query ($input: WordCampaignInput!) { previewWordCampaign(input: $input) {
        least most median sum firstShares problems { code } } }";
    let shown = app.admin(&ops, preview, json!({ "input": input })).await;
    insta::assert_compact_json_snapshot!(shown, @r#"
    {
      "previewWordCampaign": {
        "firstShares": [
          "2.5000",
          "2.5000",
          "2.5000",
          "2.5000"
        ],
        "least": "2.5000",
        "median": "2.5000",
        "most": "2.5000",
        "problems": [],
        "sum": "10.0000"
      }
    }
    "#);
    let listed = app.admin(&ops, "{ wordCampaigns { id } }", json!({})).await;
    insta::assert_compact_json_snapshot!(listed, @r#"{"wordCampaigns": []}"#);
    let create = "mutation ($input: WordCampaignInput!) { createWordCampaign(input: $input) {
        changed campaign { id word seed guarantee claimedCount } problems { code } } }";
    let made = app.admin(&ops, create, json!({ "input": input })).await;
    insta::assert_compact_json_snapshot!(made, @r#"
    {
      "createWordCampaign": {
        "campaign": {
          "claimedCount": 0,
          "guarantee": "COMMITMENT_ONLY",
          "id": "word_1",
          "seed": null,
          "word": "moon"
        },
        "changed": true,
        "problems": []
      }
    }
    "#);
    let again = app.admin(&ops, create, json!({ "input": input })).await;
    insta::assert_compact_json_snapshot!(again, @r#"{"createWordCampaign": {"campaign": null, "changed": false, "problems": [{"code": "WORD_TAKEN"}]}}"#);
    let end = "mutation ($id: ID!) { endWordCampaign(id: $id, reason: \"a test\") { changed campaign { seed } problems { code } } }";
    let end = async |id: &str| {
        let mut reply = app.admin(&ops, end, json!({ "id": id })).await["endWordCampaign"].take();
        let seed = reply.pointer_mut("/campaign/seed").map(Value::take);
        (reply, seed.and_then(|seed| seed.as_str().map(str::len)))
    };
    insta::assert_compact_json_snapshot!(end("word_1").await, @r#"[{"campaign": {"seed": null}, "changed": true, "problems": []}, 96]"#);
    insta::assert_compact_json_snapshot!(end("word_1").await, @r#"[{"campaign": {"seed": null}, "changed": false, "problems": []}, 96]"#);
    insta::assert_compact_json_snapshot!(end("word_9").await, @r#"[{"campaign": null, "changed": false, "problems": [{"code": "CAMPAIGN_UNKNOWN"}]}, null]"#);
    app.stop().await;
}
