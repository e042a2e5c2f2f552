//! Whole replies of `setInvitation`.

use async_graphql::Request;
use newbee::domain::id::UserId;

use crate::support::world::{World, json};

#[tokio::test]
async fn binding_a_code_shows_the_invitation() {
    let world = World::new().await;
    world.add_user(UserId(9), "parent").await;
    world.add_user(UserId(10), "other").await;
    let bind = async |code: &str| {
        let query = "mutation ($code: String!) { setInvitation(parentCode: $code) {
                       me { invitation { parentId } } invitation { code class parentId parentCode boundAt }
                       userErrors { __typename code message field legacyStatus } } }";
        json(&world.ask_with(query, serde_json::json!({ "code": code })).await)
    };
    insta::assert_snapshot!(bind("nobody").await, @r#"
    {
      "data": {
        "setInvitation": {
          "me": {
            "invitation": {
              "parentId": null
            }
          },
          "invitation": {
            "code": "CODE17",
            "class": 0,
            "parentId": null,
            "parentCode": null,
            "boundAt": null
          },
          "userErrors": [
            {
              "__typename": "InvitationError",
              "code": "INVITATION_CODE_UNKNOWN",
              "message": "Invitation code not found. Check the spelling.",
              "field": [
                "parentCode"
              ],
              "legacyStatus": 102
            }
          ]
        }
      }
    }
    "#);
    insta::assert_snapshot!(bind("code9").await, @r#"
    {
      "data": {
        "setInvitation": {
          "me": {
            "invitation": {
              "parentId": "user_9"
            }
          },
          "invitation": {
            "code": "CODE17",
            "class": 1,
            "parentId": "user_9",
            "parentCode": "CODE9",
            "boundAt": "2026-11-22T03:00:00.000Z"
          },
          "userErrors": []
        }
      }
    }
    "#);
    insta::assert_snapshot!(bind("code10").await, @r#"
    {
      "data": {
        "setInvitation": {
          "me": {
            "invitation": {
              "parentId": "user_9"
            }
          },
          "invitation": {
            "code": "CODE17",
            "class": 1,
            "parentId": "user_9",
            "parentCode": "CODE9",
            "boundAt": "2026-11-22T03:00:00.000Z"
          },
          "userErrors": [
            {
              "__typename": "InvitationError",
              "code": "INVITATION_ALREADY_SET",
              "message": "You have already bound another invitation code. It cannot be changed.",
              "field": [
                "parentCode"
              ],
              "legacyStatus": 103
            }
          ]
        }
      }
    }
    "#);
}

#[tokio::test]
async fn without_a_session_sign_in_and_set_invitation_change_nothing() {
    let world = World::new().await;
    let query = "mutation { signInToday { award { id } } setInvitation(parentCode: \"x\") { me { id } } }";
    insta::assert_snapshot!(json(&world.run(None, Request::new(query)).await), @r#"
    {
      "errors": [
        {
          "message": "Send the header Authorization: Bearer <session key>.",
          "locations": [
            {
              "line": 1,
              "column": 12
            }
          ],
          "path": [
            "signInToday"
          ],
          "extensions": {
            "code": "UNAUTHENTICATED",
            "requestId": "request-1"
          }
        },
        {
          "message": "Send the header Authorization: Bearer <session key>.",
          "locations": [
            {
              "line": 1,
              "column": 41
            }
          ],
          "path": [
            "setInvitation"
          ],
          "extensions": {
            "code": "UNAUTHENTICATED",
            "requestId": "request-1"
          }
        }
      ],
      "data": {
        "signInToday": null,
        "setInvitation": null
      }
    }
    "#);
}
