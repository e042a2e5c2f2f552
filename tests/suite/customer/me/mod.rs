//! Whole replies below `me`, and the statements that they take.

mod batches;
mod failures;
mod statements;

use newbee::domain::id::UserId;

use crate::support::world::{VIEWER, World, json};

pub const WHOLE_ME: &str = "{
  clock { serverTime businessDay timeZone nextDayAt }
  me {
    id name portraitUri
    newbeeAwards { ...award }
    todayAwards { ...award }
    awards(first: 2, type: DAILY) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage } }
    todayTasks { item type amount coinId done limit remaining state nextEligibleAt }
    signIn { signedInToday streak award { id } nextSignInAt }
    balances { coinId settled pending }
    invitation { code class parentId parentCode boundAt }
    children(first: 20) { totalCount nodes { id name portraitUri boundAt childrenCount } }
  }
}
fragment award on Award { id item type amount coinId targetId status businessDay settlesAt createdAt updatedAt }";

/// The viewer with something of everything.
pub async fn furnish(world: &World) {
    for (id, name) in [(9, "物资需"), (21, "first"), (22, "second"), (23, "grandchild")] {
        world.add_user(UserId(id), name).await;
    }
    world.bind(VIEWER, UserId(9), "01:00:00").await;
    world.bind(UserId(21), VIEWER, "02:00:00").await;
    world.bind(UserId(22), VIEWER, "02:30:00").await;
    world.bind(UserId(23), UserId(21), "02:45:00").await;
    world.award(VIEWER, "set_fomo_id", "2026-11-01", None).await;
    world.award(VIEWER, "join_group", "2026-11-21", Some("18")).await;
    for target in ["19", "20"] {
        world.award(VIEWER, "join_group", "2026-11-22", Some(target)).await;
    }
    world.award(VIEWER, "sign_in", "2026-11-22", None).await;
    world.award(UserId(21), "set_fomo_id", "2026-11-22", None).await;
    world
        .sql(
            "insert into sign_in_streaks values (17, '2026-11-22', 4);
             insert into ledger_entries values (17, 1, 'SETTLE', '1', 10, null, '2026-11-02Z');
             insert into balances values (17, '1', 10, '2026-11-02Z');
             update awards set status = 1, changed_in = default where award_id = 1",
        )
        .await;
}

#[tokio::test]
async fn the_whole_me_takes_one_statement() {
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
    world.close().await;
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
    world.close().await;
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
