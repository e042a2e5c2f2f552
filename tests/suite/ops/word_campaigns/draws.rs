//! Draws from the commitment to the check: shares can be neither chosen nor read before they are claimed.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::domain::draw_keys::DrawKeys;
use newbee::domain::id::UserId;
use newbee::domain::word::{WordCampaignRejection, WordTerms};
use newbee::service::submit_word::submit_word;
use newbee::service::word_campaigns::{create_word_campaign, end_word_campaign};
use newbee::service::{Failure, ServiceError};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::command_line::verify;
use crate::support::app::{TEST_DRAW_KEY, TestApp, instant};
use crate::support::decided;
use crate::support::words::{create, status, submit, terms};

/// Ten minutes before round 1000 of the real network, and its real signature with that of the round after it.
pub(super) const BEFORE_ROUND_1000: &str = "2023-08-23T15:49:24Z";

pub(super) const ROUND_1000: &str =
    "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";

const ROUND_1001: &str =
    "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41";

const DRAW: &str = "query ($id: ID!) { wordDraw(id: $id) {
    id amount coinId shareCount claimedCount claimedAmount split opensAt closesAt hash publicKey salt guarantee
    beacon { network round at url signature } seed shares claims { number claimant place amount } } }";
const ENTER: &str = "mutation ($signature: String!) { enterWordBeacon(id: \"word_1\", signature: $signature) {
    changed campaign { guarantee beacon { round signature } } problems { code } } }";

/// A campaign whose shares are decided by round 1000, open from half an hour after it.
fn drawn_by_round_1000(app: &TestApp) -> WordTerms {
    let round = instant("2023-08-23T15:59:24Z");
    WordTerms {
        beacon_at: Some(round),
        opens_at: round + TimeDelta::minutes(30),
        closes_at: round + TimeDelta::hours(2),
        ..terms(app, "moon", 8)
    }
}

/// The draw as anybody reads it, without a key.
async fn published(app: &TestApp) -> Value {
    app.reply(None, DRAW, json!({ "id": "word_1" })).await["data"]["wordDraw"].take()
}

async fn end(app: &TestApp) {
    let author = Author::at_the_command_line(app.clock.now());
    let ended = end_word_campaign(app.pool(), 1, "a test", &author).await.unwrap();
    assert!(ended.changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draw_by_public_randomness_is_committed_entered_claimed_and_checked() {
    let app = TestApp::builder().at(BEFORE_ROUND_1000).start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    create(&app, &drawn_by_round_1000(&app)).await;
    // Public from the beginning: what is fixed, and nothing that could be used.
    let committed = published(&app).await;
    let mut fixed = committed.clone();
    for random in ["hash", "publicKey", "salt"] {
        assert!(fixed[random].take().is_string(), "{random}");
    }
    insta::assert_compact_json_snapshot!(fixed, @r#"
    {
      "amount": "100.0000",
      "beacon": {
        "at": "2023-08-23T15:59:24.000Z",
        "network": "drand quicknet",
        "round": 1000,
        "signature": null,
        "url": "https://api.drand.sh/52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971/public/1000"
      },
      "claimedAmount": "0.0000",
      "claimedCount": 0,
      "claims": null,
      "closesAt": "2023-08-23T17:59:24.000Z",
      "coinId": "1",
      "guarantee": "PUBLIC_RANDOMNESS",
      "hash": null,
      "id": "word_1",
      "opensAt": "2023-08-23T16:29:24.000Z",
      "publicKey": null,
      "salt": null,
      "seed": null,
      "shareCount": 8,
      "shares": null,
      "split": "RANDOM"
    }
    "#);
    // Open, but without its randomness: nothing is paid, and the right word is not counted as a wrong try.
    app.clock.advance(TimeDelta::minutes(45));
    let users: Vec<_> = [app.add_user(1).await, app.add_user(2).await, app.add_user(3).await].into();
    for _ in 0..10 {
        assert_eq!(status(&submit(&app, &users[0], "moon").await), 203);
    }
    // Only the true signature of the round is taken, and once.
    let made_up = "ab".repeat(48);
    for wrong in [ROUND_1001, &made_up] {
        let refused = app.admin(&ops, ENTER, json!({ "signature": wrong })).await;
        assert_eq!(
            refused["enterWordBeacon"]["problems"],
            json!([{ "code": "BEACON_INVALID" }])
        );
    }
    for (signature, changed) in [
        (ROUND_1000, true),
        (ROUND_1000, false),
        (&ROUND_1000.to_uppercase(), false),
    ] {
        let entered = app.admin(&ops, ENTER, json!({ "signature": signature })).await;
        assert_eq!(
            entered["enterWordBeacon"],
            json!({ "changed": changed, "problems": [],
                    "campaign": { "guarantee": "PUBLIC_RANDOMNESS", "beacon": { "round": 1000, "signature": ROUND_1000 } } })
        );
    }
    let log = app
        .admin(&ops, "{ auditLog(action: \"enter_beacon\") { subject } }", json!({}))
        .await;
    assert_eq!(log["auditLog"], json!([{ "subject": "word_campaign:1" }]));
    let mut proofs = Vec::new();
    for user in &users {
        let claimed = submit(&app, user, "moon").await;
        assert_eq!(status(&claimed), 1);
        proofs.push(claimed["draw"]["myClaim"].clone());
    }
    assert!(
        published(&app).await["seed"].is_null(),
        "nothing is published while shares are left"
    );
    end(&app).await;

    let draw = published(&app).await;
    assert_eq!(draw["hash"], committed["hash"]);
    assert_eq!(draw["claims"].as_array().unwrap().len(), 3);
    let (code, text) = verify(&draw, &["--hash", committed["hash"].as_str().unwrap()]).await;
    assert!(
        code == Some(0) && text.contains("round 1000") && text.contains("All 3 claims"),
        "{text}"
    );
    let proof = proofs[1]["proof"].as_str().unwrap();
    let (code, text) = verify(&draw, &["--user", "2", "--proof", proof]).await;
    assert!(code == Some(0) && text.contains("User 2 made claim 2"), "{text}");
    let (code, text) = verify(&draw, &["--user", "3", "--proof", proof]).await;
    assert!(code == Some(1) && text.contains("not valid for user 3"), "{text}");
    let (code, text) = verify(&draw, &["--hash", &"0".repeat(64)]).await;
    assert!(code == Some(1) && text.contains("not the one that you noted"), "{text}");
    // Who claims is not published: the list is the same whatever the ids are called, and names none.
    let (mut other_value, mut moved) = (draw.clone(), draw.clone());
    other_value["beacon"]["signature"] = json!(ROUND_1001);
    moved["claims"][0]["place"] = json!(draw["claims"][0]["place"].as_i64().unwrap() % 8 + 1);
    for (changed, part) in [(other_value, "round 1000"), (moved, "claim 1 took place")] {
        let (code, text) = verify(&changed, &[]).await;
        assert!(code == Some(1) && text.contains(part), "{text}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_the_randomness_lies_between_creation_and_opening() {
    let app = TestApp::builder().at(BEFORE_ROUND_1000).start().await;
    let author = Author::at_the_command_line(app.clock.now());
    let good = drawn_by_round_1000(&app);
    for beacon_at in [
        app.clock.now(),                      // its round is known already, or about to be
        app.clock.now() - TimeDelta::days(1), // the grinding attack: a round whose signature is known
        good.opens_at + TimeDelta::seconds(1),
    ] {
        let terms = WordTerms {
            beacon_at: Some(beacon_at),
            ..good.clone()
        };
        let made = decided(create_word_campaign(app.pool(), app.draw_keys(), &terms, &author).await);
        assert_eq!(
            made.unwrap_err(),
            [WordCampaignRejection::BeaconTimeInvalid],
            "{beacon_at}"
        );
    }
    app.stop().await;
}

/// The database contains neither the seed nor the shares.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_no_share_before_it_is_claimed() {
    let app = TestApp::start().await;
    let campaign = create(&app, &terms(&app, "moon", 8)).await;
    submit(&app, &app.add_user(1).await, "moon").await;
    let known: Vec<bool> =
        sqlx::query_scalar("select amount is not null from word_shares order by user_id is null, share_number")
            .fetch_all(app.pool())
            .await
            .unwrap();
    assert_eq!(known, [true, false, false, false, false, false, false, false]);
    let stored: String = sqlx::query_scalar(
        "select (select string_agg(c::text, ' ') from word_campaigns c) || (select string_agg(s::text, ' ') from word_shares s)
             || (select string_agg(l::text, ' ') from audit_log l)",
    )
    .fetch_one(app.pool())
    .await
    .unwrap();
    let drawing = app.draw_keys().drawing(&campaign).unwrap().unwrap();
    for secret in [
        data_encoding::HEXLOWER.encode(&drawing.seed),
        data_encoding::HEXLOWER.encode(&drawing.claim(UserId(2)).proof),
        TEST_DRAW_KEY.to_owned(),
    ] {
        assert!(!stored.contains(&secret), "a secret is stored: {secret}");
    }
    // The database itself refuses an amount in advance.
    let refused = sqlx::raw_sql("update word_shares set amount = 1 where user_id is null")
        .execute(app.pool())
        .await;
    assert!(refused.is_err());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_needed_and_may_be_replaced() {
    let app = TestApp::start().await;
    let author = Author::at_the_command_line(app.clock.now());
    let made = create_word_campaign(app.pool(), &DrawKeys::none(), &terms(&app, "moon", 8), &author).await;
    assert_eq!(decided(made).unwrap_err(), [WordCampaignRejection::DrawKeyMissing]);

    let campaign = create(&app, &terms(&app, "moon", 8)).await;
    app.add_user(1).await;
    let newer = "ab".repeat(32);
    let (other, both) = (
        DrawKeys::parse(&newer),
        DrawKeys::parse(&format!("{newer},{TEST_DRAW_KEY}")),
    );
    let (other, both) = (other.unwrap(), both.unwrap());
    assert!(!other.know(&campaign) && both.know(&campaign));
    let claim = async |keys: &DrawKeys| submit_word(app.pool(), keys, UserId(1), "moon", app.now()).await;
    assert!(
        matches!(claim(&other).await, Err(Failure::Failed(ServiceError::DrawKeyUnknown(unknown))) if unknown.campaign == campaign.id)
    );
    let claimed: Option<Decimal> = claim(&both).await.ok().map(|claim| claim.award.amount);
    assert!(
        claimed.is_some(),
        "an older key serves the campaigns that were made under it"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draw_without_public_randomness_says_what_it_does_not_prove() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    create(&app, &terms(&app, "moon", 2)).await;
    let refused = app.admin(&ops, ENTER, json!({ "signature": ROUND_1000 })).await;
    assert_eq!(
        refused["enterWordBeacon"]["problems"],
        json!([{ "code": "BEACON_NOT_PROMISED" }])
    );
    for id in [1, 2] {
        assert_eq!(status(&submit(&app, &app.add_user(id).await, "moon").await), 1);
    }
    let draw = published(&app).await;
    assert_eq!(
        (&draw["guarantee"], &draw["beacon"]),
        (&json!("COMMITMENT_ONLY"), &Value::Null)
    );
    assert_eq!(
        draw["claimedAmount"], "100.0000",
        "published once all shares are claimed"
    );
    let (code, text) = verify(&draw, &[]).await;
    assert!(
        code == Some(3) && text.contains("Not proven: that the shares were not chosen"),
        "{text}"
    );
    app.stop().await;
}
