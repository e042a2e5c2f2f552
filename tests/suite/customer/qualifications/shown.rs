//! Rules, offers and progress in both APIs and on the command line.

use newbee::domain::api_key::Scope;
use serde_json::json;

use super::{bind, set_rule, sign_in};
use crate::support::app::TestApp;
use crate::support::commands::said;

const CONDITIONS: &str = "invite: { requiredItems: [\"join_group\"], signInDays: 2, withinDays: 7, maxAccountAgeDays: 30, lifetimeLimit: 50 }";

#[tokio::test(flavor = "multi_thread")]
async fn offers_have_their_conditions() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(&app, &ops, "invite_friend", CONDITIONS).await;
    let user = app.add_user(1).await;
    let offers = app
        .ask(
            &user,
            "{ me { invitation { bindableUntil offers { item pays requiredItems signInDays withinDays maxAccountAgeDays friends lifetimeLimit } } } }",
        )
        .await;
    insta::assert_compact_json_snapshot!(offers["me"]["invitation"], @r#"
    {
      "bindableUntil": "2026-12-20T04:00:00.000Z",
      "offers": [
        {
          "friends": null,
          "item": "invite_friend",
          "lifetimeLimit": 50,
          "maxAccountAgeDays": 30,
          "pays": "INVITER",
          "requiredItems": [
            "join_group"
          ],
          "signInDays": 2,
          "withinDays": 7
        }
      ]
    }
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_and_invitees_have_their_progress() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    set_rule(&app, &ops, "invite_friend", CONDITIONS).await;
    let (inviter, friend) = (app.add_user(1).await, app.add_user(2).await);
    bind(&app, &friend, &inviter).await;
    sign_in(&app, &friend).await;
    let fields = "state progress { item state signInDays requiredSignInDays doneItems requiredItems lastDay paid }";
    let query = format!(
        "{{ me {{ children {{ nodes {{ {fields} }} }} }} node(id: \"child_2\") {{ ... on Child {{ {fields} }} }} }}"
    );
    let statements = app.reads.statements();
    let shown = app.ask(&inviter, &query).await;
    assert!(app.reads.statements() - statements <= 4, "one for the list");
    let progress = json!({
        "state": "PENDING",
        "progress": [{
            "item": "invite_friend", "state": "PENDING", "signInDays": 1, "requiredSignInDays": 2, "doneItems": [],
            "requiredItems": ["join_group"], "lastDay": "2026-11-26", "paid": false,
        }],
    });
    assert_eq!(shown["me"]["children"]["nodes"][0], progress);
    assert_eq!(shown["node"], progress);
    let invitees = "{ invitees(userId: \"1\") { userId state awardId qualifications { item ruleVersion pays state signInDays unpaid awardId } } }";
    let invitees = app.admin(&ops, invitees, json!({})).await;
    insta::assert_compact_json_snapshot!(invitees["invitees"], @r#"
    [
      {
        "awardId": null,
        "qualifications": [
          {
            "awardId": null,
            "item": "invite_friend",
            "pays": "INVITER",
            "ruleVersion": 2,
            "signInDays": 1,
            "state": "PENDING",
            "unpaid": null
          }
        ],
        "state": "PENDING",
        "userId": "2"
      }
    ]
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_sets_and_shows_conditions() {
    let app = TestApp::in_process().await;
    let database = app.database();
    let set = said(
        database,
        &[
            "rule",
            "set",
            "invite_friend",
            "--sign-in-days",
            "3",
            "--within-days",
            "7",
            "--reason",
            "x",
        ],
    )
    .await;
    assert_eq!(
        set.trim(),
        "Changed invite_friend to version 2: sign-in-days none → 3, within-days none → 7."
    );
    let set = said(
        database,
        &[
            "rule",
            "set",
            "invite_friend",
            "--required-items",
            "join_group,set_fomo_id",
            "--lifetime-limit",
            "9",
            "--reason",
            "x",
        ],
    )
    .await;
    assert_eq!(
        set.trim(),
        "Changed invite_friend to version 3: required-items none → join_group,set_fomo_id, lifetime-limit none → 9.",
        "what was set before is kept"
    );
    let set = said(
        database,
        &[
            "rule",
            "set",
            "invite_friend",
            "--required-items",
            "none",
            "--sign-in-days",
            "none",
            "--within-days",
            "none",
            "--reason",
            "x",
        ],
    )
    .await;
    assert_eq!(
        set.trim(),
        "Changed invite_friend to version 4: required-items join_group,set_fomo_id → none, sign-in-days 3 → none, within-days 7 → none."
    );
    let added = said(
        database,
        &[
            "rule", "set", "welcome", "--type", "invite", "--amount", "5", "--coin", "1", "--pays", "invitee",
            "--reason", "x",
        ],
    )
    .await;
    assert_eq!(
        added.trim(),
        "Added welcome: type invite, amount 5.0000, coin 1, enabled on, pays invitee."
    );
    let set = said(
        database,
        &["rule", "set", "join_group", "--target", "once", "--reason", "x"],
    )
    .await;
    assert_eq!(set.trim(), "Changed join_group to version 2: target once-a-day → once.");
}
