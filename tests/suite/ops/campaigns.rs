//! Words and reservations made, launched and ended over the admin API.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::{NOON, TestApp};
use crate::support::database::TestDatabase;

fn codes(payload: &Value) -> Vec<&str> {
    let problems = payload["problems"].as_array().unwrap().iter();
    problems.map(|problem| problem["code"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_launch_changes_nothing() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let create = "mutation ($input: ReservationCampaignInput!) { createReservationCampaign(input: $input) {
        campaign { key state legacyDefault } changed problems { code message } } }";
    let input = json!({ "key": "libra", "capacity": 5, "rewardAmount": "7", "rewardCoinId": "1", "legacyDefault": true,
                        "reason": "a test" });
    let mut wrong = input.clone();
    wrong["capacity"] = json!(0);
    wrong["rewardCoinId"] = Value::Null;
    wrong["reason"] = json!(" ");
    wrong["opensAt"] = json!("2026-12-02T00:00:00Z");
    wrong["closesAt"] = json!("2026-12-01T00:00:00Z");
    let refused = app.admin(&ops, create, json!({ "input": wrong })).await;
    assert_eq!(
        codes(&refused["createReservationCampaign"]),
        [
            "CAPACITY_INVALID",
            "WINDOW_ENDS_BEFORE_IT_STARTS",
            "COIN_INVALID",
            "REASON_INVALID"
        ]
    );
    let made = app.admin(&ops, create, json!({ "input": input })).await;
    assert_eq!(
        made["createReservationCampaign"],
        json!({ "campaign": { "key": "libra", "state": "OPEN", "legacyDefault": true }, "changed": true, "problems": [] })
    );
    let again = app.admin(&ops, create, json!({ "input": input })).await;
    assert_eq!(codes(&again["createReservationCampaign"]), ["KEY_TAKEN"]);

    let launch = "mutation { launchReservations(key: \"libra\", reason: \"a test\") { changed campaign { state launchedAt } problems { code } } }";
    let first = app.admin(&ops, launch, json!({})).await["launchReservations"].take();
    app.clock.advance(chrono::TimeDelta::hours(1));
    let second = app.admin(&ops, launch, json!({})).await["launchReservations"].take();
    assert_eq!((&first["changed"], &second["changed"]), (&json!(true), &json!(false)));
    assert_eq!(first["campaign"], second["campaign"], "the first launch stands");
    let unknown = launch.replace("libra", "nothing");
    let unknown = app.admin(&ops, &unknown, json!({})).await;
    assert_eq!(codes(&unknown["launchReservations"]), ["CAMPAIGN_UNKNOWN"]);
    let change = create.replace("createReservationCampaign", "changeReservationCampaign");
    let mut dearer = input.clone();
    dearer["rewardAmount"] = json!("8");
    let refused = app.admin(&ops, &change, json!({ "input": dearer })).await;
    assert_eq!(codes(&refused["changeReservationCampaign"]), ["LAUNCHED"]);
    let log = app
        .admin(
            &ops,
            "{ auditLog(subject: \"reservation_campaign:libra\") { action actor } }",
            json!({}),
        )
        .await;
    assert_eq!(
        log["auditLog"],
        json!([{ "action": "launch_reservations", "actor": "key:ops" },
               { "action": "create_reservation_campaign", "actor": "key:ops" }])
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_is_looked_at_made_and_ended() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
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
