//! Whole replies of `signInToday`.

use crate::support::world::{World, json};

const SIGN_IN: &str = "mutation {
  signInToday {
    me { signIn { signedInToday streak nextSignInAt } todayAwards { id item } }
    award { id item amount }
    userErrors { __typename code message field legacyStatus ... on AlreadySignedInError { award { id } nextSignInAt } }
  }
}";

#[tokio::test]
async fn signing_in_shows_what_is_true_afterwards() {
    let world = World::new().await;
    insta::assert_snapshot!(json(&world.ask(SIGN_IN).await), @r#"
    {
      "data": {
        "signInToday": {
          "me": {
            "signIn": {
              "signedInToday": true,
              "streak": 1,
              "nextSignInAt": "2026-11-22T16:00:00.000Z"
            },
            "todayAwards": [
              {
                "id": "award_1",
                "item": "sign_in"
              }
            ]
          },
          "award": {
            "id": "award_1",
            "item": "sign_in",
            "amount": "5.0000"
          },
          "userErrors": []
        }
      }
    }
    "#);
    insta::assert_snapshot!(json(&world.ask(SIGN_IN).await), @r#"
    {
      "data": {
        "signInToday": {
          "me": {
            "signIn": {
              "signedInToday": true,
              "streak": 1,
              "nextSignInAt": "2026-11-22T16:00:00.000Z"
            },
            "todayAwards": [
              {
                "id": "award_1",
                "item": "sign_in"
              }
            ]
          },
          "award": {
            "id": "award_1",
            "item": "sign_in",
            "amount": "5.0000"
          },
          "userErrors": [
            {
              "__typename": "AlreadySignedInError",
              "code": "ALREADY_SIGNED_IN",
              "message": "You have already signed in today. Come back tomorrow.",
              "field": null,
              "legacyStatus": 202,
              "award": {
                "id": "award_1"
              },
              "nextSignInAt": "2026-11-22T16:00:00.000Z"
            }
          ]
        }
      }
    }
    "#);
}

#[tokio::test]
async fn a_closed_sign_in_is_an_error_that_the_person_sees() {
    let world = World::new().await;
    world
        .sql(
            "insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, enabled, changed_by,
                                        reason, created_at)
             values ('sign_in', 2, 5, '1', 1, 'NONE', false, 'a test', 'closed', '2026-01-01Z')",
        )
        .await;
    insta::assert_snapshot!(json(&world.ask(SIGN_IN).await), @r#"
    {
      "data": {
        "signInToday": {
          "me": {
            "signIn": {
              "signedInToday": false,
              "streak": 0,
              "nextSignInAt": null
            },
            "todayAwards": []
          },
          "award": null,
          "userErrors": [
            {
              "__typename": "SignInClosedError",
              "code": "SIGN_IN_CLOSED",
              "message": "Sign-in is currently closed. See todayTasks for the open tasks.",
              "field": null,
              "legacyStatus": 6
            }
          ]
        }
      }
    }
    "#);
}
