//! Whole replies below `me`.

use crate::customer::me::{WHOLE_ME, furnish};
use crate::support::citus;
use crate::support::world::{World, json};

#[tokio::test]
async fn the_whole_me_takes_one_statement() {
    if citus::skips("it counts statements, and there are more") {
        return;
    }
    let world = World::new().await;
    furnish(&world).await;
    let reply = world.ask(WHOLE_ME).await;
    assert_eq!(world.statements(), 1);
    insta::assert_snapshot!(json(&reply), @r#"
    {
      "data": {
        "clock": {
          "serverTime": "2026-11-22T03:00:00.000Z",
          "businessDay": "2026-11-22",
          "timeZone": "Asia/Shanghai",
          "nextDayAt": "2026-11-22T16:00:00.000Z"
        },
        "me": {
          "id": "user_17",
          "name": "小明",
          "portraitUri": null,
          "newbeeAwards": [
            {
              "id": "award_1",
              "item": "set_fomo_id",
              "type": "NEWBEE",
              "amount": "10.0000",
              "coinId": "1",
              "targetId": null,
              "status": "SETTLED",
              "businessDay": "2026-11-01",
              "settlesAt": null,
              "createdAt": "2026-11-22T03:00:00.000Z",
              "updatedAt": "2026-11-22T03:00:00.000Z"
            }
          ],
          "todayAwards": [
            {
              "id": "award_3",
              "item": "join_group",
              "type": "DAILY",
              "amount": "10.0000",
              "coinId": "1",
              "targetId": "19",
              "status": "PENDING",
              "businessDay": "2026-11-22",
              "settlesAt": "2026-11-22T03:00:00.000Z",
              "createdAt": "2026-11-22T03:00:00.000Z",
              "updatedAt": "2026-11-22T03:00:00.000Z"
            },
            {
              "id": "award_4",
              "item": "join_group",
              "type": "DAILY",
              "amount": "10.0000",
              "coinId": "1",
              "targetId": "20",
              "status": "PENDING",
              "businessDay": "2026-11-22",
              "settlesAt": "2026-11-22T03:00:00.000Z",
              "createdAt": "2026-11-22T03:00:00.000Z",
              "updatedAt": "2026-11-22T03:00:00.000Z"
            },
            {
              "id": "award_5",
              "item": "sign_in",
              "type": "DAILY",
              "amount": "5.0000",
              "coinId": "1",
              "targetId": null,
              "status": "PENDING",
              "businessDay": "2026-11-22",
              "settlesAt": "2026-11-22T03:00:00.000Z",
              "createdAt": "2026-11-22T03:00:00.000Z",
              "updatedAt": "2026-11-22T03:00:00.000Z"
            }
          ],
          "awards": {
            "totalCount": 4,
            "nodes": [
              {
                "id": "award_5"
              },
              {
                "id": "award_4"
              }
            ],
            "pageInfo": {
              "hasNextPage": true,
              "hasPreviousPage": false
            }
          },
          "todayTasks": [
            {
              "item": "join_group",
              "type": "DAILY",
              "amount": "10.0000",
              "coinId": "1",
              "done": 2,
              "limit": 3,
              "remaining": 1,
              "state": "AVAILABLE",
              "nextEligibleAt": null
            },
            {
              "item": "set_fomo_id",
              "type": "NEWBEE",
              "amount": "10.0000",
              "coinId": "1",
              "done": 1,
              "limit": 1,
              "remaining": 0,
              "state": "DONE",
              "nextEligibleAt": null
            },
            {
              "item": "sign_in",
              "type": "DAILY",
              "amount": "5.0000",
              "coinId": "1",
              "done": 1,
              "limit": 1,
              "remaining": 0,
              "state": "DONE",
              "nextEligibleAt": "2026-11-22T16:00:00.000Z"
            }
          ],
          "signIn": {
            "signedInToday": true,
            "streak": 4,
            "award": {
              "id": "award_5"
            },
            "nextSignInAt": "2026-11-22T16:00:00.000Z"
          },
          "balances": [
            {
              "coinId": "1",
              "settled": "10.0000",
              "pending": "35.0000"
            }
          ],
          "invitation": {
            "code": "CODE17",
            "class": 1,
            "parentId": "user_9",
            "parentCode": "CODE9",
            "boundAt": "2026-11-22T01:00:00.000Z"
          },
          "children": {
            "totalCount": 2,
            "nodes": [
              {
                "id": "child_22",
                "name": "second",
                "portraitUri": null,
                "boundAt": "2026-11-22T02:30:00.000Z",
                "childrenCount": 0
              },
              {
                "id": "child_21",
                "name": "first",
                "portraitUri": null,
                "boundAt": "2026-11-22T02:00:00.000Z",
                "childrenCount": 1
              }
            ]
          }
        }
      }
    }
    "#);
}

#[tokio::test]
async fn a_user_of_whom_nothing_is_known_has_empty_lists() {
    let world = World::new().await;
    let reply = world.ask(WHOLE_ME).await;
    insta::assert_snapshot!(json(&reply), @r#"
    {
      "data": {
        "clock": {
          "serverTime": "2026-11-22T03:00:00.000Z",
          "businessDay": "2026-11-22",
          "timeZone": "Asia/Shanghai",
          "nextDayAt": "2026-11-22T16:00:00.000Z"
        },
        "me": {
          "id": "user_17",
          "name": "小明",
          "portraitUri": null,
          "newbeeAwards": [],
          "todayAwards": [],
          "awards": {
            "totalCount": 0,
            "nodes": [],
            "pageInfo": {
              "hasNextPage": false,
              "hasPreviousPage": false
            }
          },
          "todayTasks": [
            {
              "item": "join_group",
              "type": "DAILY",
              "amount": "10.0000",
              "coinId": "1",
              "done": 0,
              "limit": 3,
              "remaining": 3,
              "state": "AVAILABLE",
              "nextEligibleAt": null
            },
            {
              "item": "set_fomo_id",
              "type": "NEWBEE",
              "amount": "10.0000",
              "coinId": "1",
              "done": 0,
              "limit": 1,
              "remaining": 1,
              "state": "AVAILABLE",
              "nextEligibleAt": null
            },
            {
              "item": "sign_in",
              "type": "DAILY",
              "amount": "5.0000",
              "coinId": "1",
              "done": 0,
              "limit": 1,
              "remaining": 1,
              "state": "AVAILABLE",
              "nextEligibleAt": null
            }
          ],
          "signIn": {
            "signedInToday": false,
            "streak": 0,
            "award": null,
            "nextSignInAt": null
          },
          "balances": [],
          "invitation": {
            "code": "CODE17",
            "class": 0,
            "parentId": null,
            "parentCode": null,
            "boundAt": null
          },
          "children": {
            "totalCount": 0,
            "nodes": []
          }
        }
      }
    }
    "#);
}

#[tokio::test]
async fn nobody_has_no_me() {
    let world = World::new().await;
    let reply = world.run(None, WHOLE_ME.into()).await;
    insta::assert_snapshot!(json(&reply), @r#"
    {
      "data": {
        "clock": {
          "serverTime": "2026-11-22T03:00:00.000Z",
          "businessDay": "2026-11-22",
          "timeZone": "Asia/Shanghai",
          "nextDayAt": "2026-11-22T16:00:00.000Z"
        },
        "me": null
      }
    }
    "#);
    assert_eq!(world.statements(), 0);
}

#[tokio::test]
async fn aliases_fragments_and_variables_are_prefetched() {
    let world = World::new().await;
    furnish(&world).await;
    let reply = world
        .ask_with(
            "query ($kind: AwardType, $last: Int, $no: Boolean!) {
               me {
                 ... on Customer { daily: awards(type: $kind, last: $last) { nodes { item businessDay } } }
                 ...rest
                 invitation @skip(if: $no) { code }
                 balances @include(if: $no) { coinId }
               }
             }
             fragment rest on Customer { old: awards(status: SETTLED) { edges { node { item } } } name }",
            serde_json::json!({ "kind": "DAILY", "last": 2, "no": true }),
        )
        .await;
    assert_eq!(world.statements(), 1);
    insta::assert_snapshot!(json(&reply), @r#"
    {
      "data": {
        "me": {
          "daily": {
            "nodes": [
              {
                "item": "join_group",
                "businessDay": "2026-11-22"
              },
              {
                "item": "join_group",
                "businessDay": "2026-11-21"
              }
            ]
          },
          "old": {
            "edges": [
              {
                "node": {
                  "item": "set_fomo_id"
                }
              }
            ]
          },
          "name": "小明",
          "balances": [
            {
              "coinId": "1"
            }
          ]
        }
      }
    }
    "#);
}
