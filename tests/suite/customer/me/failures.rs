//! A part of `me` that fails: its field is null, the others are answered.

use async_graphql::Request;

use crate::customer::me::{WHOLE_ME, furnish};
use crate::support::world::{World, at, json};

#[tokio::test]
async fn a_part_that_fails_blanks_its_field_alone() {
    let world = World::new().await;
    furnish(&world).await;
    let whole = world.ask(WHOLE_ME).await;
    world.sql("alter table award_feeds rename to elsewhere").await;
    let before = world.statements();
    let reply = world.ask(WHOLE_ME).await;
    assert_eq!(at(&reply, "me.signIn"), async_graphql::Value::Null);
    for field in [
        "id",
        "name",
        "newbeeAwards",
        "todayAwards",
        "awards",
        "todayTasks",
        "balances",
        "invitation",
        "children",
    ] {
        let path = format!("me.{field}");
        assert_eq!(at(&reply, &path), at(&whole, &path));
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&reply.errors).unwrap(), @r#"
    [
      {
        "message": "Internal error. Please try again; if it persists, report the request ID.",
        "locations": [
          {
            "line": 9,
            "column": 5
          }
        ],
        "path": [
          "me",
          "signIn"
        ],
        "extensions": {
          "code": "INTERNAL_SERVER_ERROR",
          "requestId": "request-1"
        }
      }
    ]
    "#);
    let parts = 12;
    assert_eq!(
        world.statements() - before,
        1 + parts,
        "the one statement, then each part by itself"
    );
    world.sql("alter table elsewhere rename to award_feeds").await;
    assert_eq!(json(&world.ask(WHOLE_ME).await), json(&whole));
}

#[tokio::test]
async fn every_alias_of_a_field_that_fails_has_its_own_error() {
    let world = World::new().await;
    furnish(&world).await;
    world.sql("alter table balances rename to elsewhere").await;
    let reply = world
        .ask("{ me { a: balances { coinId } b: balances { settled } name } }")
        .await;
    insta::assert_snapshot!(json(&reply), @r#"
    {
      "errors": [
        {
          "message": "Internal error. Please try again; if it persists, report the request ID.",
          "locations": [
            {
              "line": 1,
              "column": 8
            }
          ],
          "path": [
            "me",
            "a"
          ],
          "extensions": {
            "code": "INTERNAL_SERVER_ERROR",
            "requestId": "request-1"
          }
        },
        {
          "message": "Internal error. Please try again; if it persists, report the request ID.",
          "locations": [
            {
              "line": 1,
              "column": 31
            }
          ],
          "path": [
            "me",
            "b"
          ],
          "extensions": {
            "code": "INTERNAL_SERVER_ERROR",
            "requestId": "request-1"
          }
        }
      ],
      "data": {
        "me": {
          "a": null,
          "b": null,
          "name": "小明"
        }
      }
    }
    "#);
}

#[tokio::test]
async fn the_cause_is_for_the_log_alone() {
    let world = World::new().await;
    world.sql("alter table awards rename to elsewhere").await;
    let reply = world
        .run(
            Some(crate::support::world::VIEWER),
            Request::new("mutation { signInToday { award { id } } }"),
        )
        .await;
    insta::assert_snapshot!(json(&reply), @r#"
    {
      "errors": [
        {
          "message": "Internal error. Please try again; if it persists, report the request ID.",
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
            "code": "INTERNAL_SERVER_ERROR",
            "requestId": "request-1"
          }
        }
      ],
      "data": {
        "signInToday": null
      }
    }
    "#);
}
