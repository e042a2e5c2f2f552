//! Reservation campaigns: created, changed and launched.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::rejection::change::ChangeRejection;
use newbee::domain::reservation::{ReservationCampaign, ReservationCampaignRejection, ReservationTerms};
use newbee::service::count_reservations::count_reservations;
use newbee::service::create_reservation_campaign::{change_reservation_campaign, create_reservation_campaign};
use newbee::service::launch_reservations::launch_reservations;
use serde_json::{Value, json};

use crate::support::app::{NOON, TestApp, instant};
use crate::support::decided;
use crate::support::reservations::{
    CANCEL, RESERVE, act, assert_sound, author, create, places, refused, reward, window,
};

async fn change(
    app: &TestApp,
    key: &str,
    terms: &ReservationTerms,
) -> Result<ReservationCampaign, Vec<ReservationCampaignRejection>> {
    decided(change_reservation_campaign(app.pool(), key, terms, "a test", &author(app.now())).await)
}

fn legacy_default() -> ReservationTerms {
    ReservationTerms {
        is_legacy_default: true,
        ..ReservationTerms::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_said_at_once() {
    let app = TestApp::start().await;
    let attempt = async |key: &str, terms: &ReservationTerms| {
        decided(create_reservation_campaign(app.pool(), key, terms, "a test", &author(app.now())).await)
    };
    create(&app, "taken", places(5)).await;
    let noon = instant(NOON);
    let wrong = ReservationTerms {
        capacity: Some(-1),
        reward: reward(0),
        ..window(noon, noon)
    };
    let mut expected = vec![
        ReservationCampaignRejection::KeyInvalid,
        ReservationCampaignRejection::CapacityInvalid,
        ChangeRejection::WindowEndsBeforeItStarts.into(),
        ChangeRejection::AmountInvalid.into(),
    ];
    assert_eq!(attempt("no key!", &wrong).await, Err(expected.clone()));
    expected[0] = ReservationCampaignRejection::KeyTaken;
    assert_eq!(attempt(" TAKEN", &wrong).await, Err(expected));
    assert_eq!(
        attempt("taken", &places(5)).await,
        Err(vec![ReservationCampaignRejection::KeyTaken])
    );
    let change_unknown = change(&app, "nothing", &places(5)).await;
    assert_eq!(change_unknown, Err(vec![ChangeRejection::CampaignUnknown.into()]));
    let launch_unknown = launch_reservations(app.pool(), "nothing", "a test", &author(app.now())).await;
    assert_eq!(
        launch_unknown.unwrap_err().rejection().unwrap(),
        ChangeRejection::CampaignUnknown
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_can_be_changed_until_the_launch() {
    let app = TestApp::start().await;
    let (one, two) = (app.add_user(1).await, app.add_user(2).await);
    let made = create(&app, "party", places(2)).await;
    for user in [&one, &two] {
        act(&app, user, RESERVE, "party").await;
    }
    assert_eq!(
        change(&app, "party", &places(1)).await,
        Err(vec![ReservationCampaignRejection::CapacityBelowCount { reserved: 2 }])
    );
    let three = app.add_user(3).await;
    assert_eq!(
        refused(&act(&app, &three, RESERVE, "party").await),
        Some("RESERVATION_FULL")
    );
    app.clock.advance(TimeDelta::minutes(1));
    let terms = ReservationTerms {
        title: Some("Party".to_owned()),
        reward: reward(3),
        ..places(3)
    };
    let changed = change(&app, "Party", &terms).await.unwrap();
    let expected = ReservationCampaign {
        terms: terms.clone(),
        reserved_count: 2,
        updated_at: app.clock.now(),
        ..made
    };
    assert_eq!(changed, expected);
    assert_eq!(refused(&act(&app, &three, RESERVE, "party").await), None);

    let closed = ReservationTerms {
        is_closed: true,
        ..terms.clone()
    };
    change(&app, "party", &closed).await.unwrap();
    assert_eq!(
        refused(&act(&app, &three, CANCEL, "party").await),
        Some("RESERVATION_CLOSED")
    );
    change(&app, "party", &terms).await.unwrap();
    assert_eq!(refused(&act(&app, &three, CANCEL, "party").await), None);

    launch_reservations(app.pool(), "party", "a test", &author(app.now()))
        .await
        .unwrap();
    let more = ReservationTerms {
        reward: reward(4),
        ..terms.clone()
    };
    assert_eq!(
        change(&app, "party", &more).await,
        Err(vec![ReservationCampaignRejection::Launched])
    );
    let renamed = ReservationTerms {
        title: None,
        is_legacy_default: true,
        ..terms
    };
    let changed = change(&app, "party", &renamed).await.unwrap();
    assert_eq!(changed.terms, renamed);
    assert_sound(app.pool()).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_legacy_default_is_one_campaign_whoever_was_it_before() {
    let app = TestApp::start().await;
    let default = async || count_reservations(app.pool(), None).await.unwrap();
    assert_eq!(default().await, None);
    create(&app, "one", legacy_default()).await;
    act(&app, &app.add_user(17).await, RESERVE, "one").await;
    assert_eq!(default().await, Some(1));
    create(&app, "two", legacy_default()).await;
    assert_eq!(default().await, Some(0));
    change(&app, "one", &legacy_default()).await.unwrap();
    assert_eq!(default().await, Some(1));

    let keys: Vec<String> = (0..20).map(|number| format!("at-once-{number}")).collect();
    let terms = legacy_default();
    let operator = author(app.now());
    let made = keys
        .iter()
        .map(|key| create_reservation_campaign(app.pool(), key, &terms, "a test", &operator));
    for made in futures_util::future::join_all(made).await {
        made.expect("sound terms");
    }
    assert_eq!(default().await, Some(0));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_launch_changes_nothing() {
    let app = TestApp::start().await;
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
    insta::assert_compact_json_snapshot!(refused, @r#"
    {
      "createReservationCampaign": {
        "campaign": null,
        "changed": false,
        "problems": [
          {
            "code": "CAPACITY_INVALID",
            "message": "A capacity must be a positive integer; omit it for no limit."
          },
          {
            "code": "WINDOW_ENDS_BEFORE_IT_STARTS",
            "message": "closesAt must be later than opensAt."
          },
          {
            "code": "COIN_INVALID",
            "message": "A coin ID is 1 to 32 characters without control characters."
          },
          {
            "code": "REASON_INVALID",
            "message": "A reason is required: 1 to 500 characters without control characters."
          }
        ]
      }
    }
    "#);
    let made = app.admin(&ops, create, json!({ "input": input })).await;
    insta::assert_compact_json_snapshot!(made, @r#"
    {
      "createReservationCampaign": {
        "campaign": {
          "key": "libra",
          "legacyDefault": true,
          "state": "OPEN"
        },
        "changed": true,
        "problems": []
      }
    }
    "#);
    let again = app.admin(&ops, create, json!({ "input": input })).await;
    insta::assert_compact_json_snapshot!(again, @r#"
    {
      "createReservationCampaign": {
        "campaign": null,
        "changed": false,
        "problems": [
          {
            "code": "KEY_TAKEN",
            "message": "A campaign with this key already exists. Choose another key."
          }
        ]
      }
    }
    "#);

    let launch = "mutation { launchReservations(key: \"libra\", reason: \"a test\") { changed campaign { state launchedAt } problems { code } } }";
    let first = app.admin(&ops, launch, json!({})).await["launchReservations"].take();
    app.clock.advance(TimeDelta::hours(1));
    let second = app.admin(&ops, launch, json!({})).await["launchReservations"].take();
    insta::assert_compact_json_snapshot!(first, @r#"{"campaign": {"launchedAt": "2026-11-20T04:00:00.000Z", "state": "LAUNCHED"}, "changed": true, "problems": []}"#);
    insta::assert_compact_json_snapshot!(second, @r#"{"campaign": {"launchedAt": "2026-11-20T04:00:00.000Z", "state": "LAUNCHED"}, "changed": false, "problems": []}"#);
    let unknown = launch.replace("libra", "nothing");
    let unknown = app.admin(&ops, &unknown, json!({})).await;
    insta::assert_compact_json_snapshot!(unknown, @r#"{"launchReservations": {"campaign": null, "changed": false, "problems": [{"code": "CAMPAIGN_UNKNOWN"}]}}"#);
    let change = create.replace("createReservationCampaign", "changeReservationCampaign");
    let mut dearer = input.clone();
    dearer["rewardAmount"] = json!("8");
    let refused = app.admin(&ops, &change, json!({ "input": dearer })).await;
    insta::assert_compact_json_snapshot!(refused, @r#"
    {
      "changeReservationCampaign": {
        "campaign": null,
        "changed": false,
        "problems": [
          {
            "code": "LAUNCHED",
            "message": "The campaign has been launched. Only its title and the legacy default can be changed."
          }
        ]
      }
    }
    "#);
    let log = app
        .admin(
            &ops,
            "{ auditLog(subject: \"reservation_campaign:libra\") { action actor } }",
            json!({}),
        )
        .await;
    insta::assert_compact_json_snapshot!(log, @r#"
    {
      "auditLog": [
        {
          "action": "launch_reservations",
          "actor": "key:ops"
        },
        {
          "action": "create_reservation_campaign",
          "actor": "key:ops"
        }
      ]
    }
    "#);
    app.stop().await;
}
