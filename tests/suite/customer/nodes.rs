//! Objects by id: only what the viewer can reach.

use async_graphql::Request;
use newbee::domain::id::UserId;

use crate::customer::me::furnish;
use crate::support::citus;
use crate::support::world::{World, at, json};

const NODES: &str = "{
  nodes(ids: [\"user_17\", \"award_1\", \"award_6\", \"child_21\", \"child_22\", \"child_23\", \"child_9\", \"user_9\", \"award_999\", \"x\"]) {
    __typename id
    ... on Customer { name }
    ... on Award { item }
    ... on Child { name childrenCount }
  }
}";

#[tokio::test]
async fn a_viewer_reaches_themselves_their_awards_and_their_children() {
    if citus::skips("it counts statements, and there are more") {
        return;
    }
    let world = World::new().await;
    furnish(&world).await;
    let reply = world.ask(NODES).await;
    insta::assert_snapshot!(json(&reply), @r#"
    {
      "data": {
        "nodes": [
          {
            "__typename": "Customer",
            "id": "user_17",
            "name": "小明"
          },
          {
            "__typename": "Award",
            "id": "award_1",
            "item": "set_fomo_id"
          },
          null,
          {
            "__typename": "Child",
            "id": "child_21",
            "name": "first",
            "childrenCount": 1
          },
          {
            "__typename": "Child",
            "id": "child_22",
            "name": "second",
            "childrenCount": 0
          },
          null,
          null,
          null,
          null,
          null
        ]
      }
    }
    "#);
    assert!(
        world.statements() <= 3,
        "objects, the user's name, and counts: {}",
        world.statements()
    );
}

#[tokio::test]
async fn another_user_reaches_none_of_it() {
    let world = World::new().await;
    furnish(&world).await;
    let reply = world.run(Some(UserId(9)), Request::new(NODES)).await;
    insta::assert_snapshot!(at(&reply, "nodes"), @r#"[null, null, null, null, null, null, null, {__typename: "Customer", id: "user_9", name: "物资需"}, null, null]"#);
    let reply = world.run(None, Request::new(NODES)).await;
    assert_eq!(
        at(&reply, "nodes"),
        async_graphql::Value::List(vec![async_graphql::Value::Null; 10])
    );
}

#[tokio::test]
async fn a_user_reached_by_id_answers_like_me() {
    let world = World::new().await;
    furnish(&world).await;
    let reply = world
        .ask("{ node(id: \"user_17\") { ... on Customer { children { nodes { name } } todayTasks { item } } } }")
        .await;
    assert_eq!(at(&reply, "node.children.nodes.1.name"), "first".into());
    assert_eq!(at(&reply, "node.todayTasks.0.item"), "join_group".into());
}

#[tokio::test]
async fn too_many_ids_are_refused() {
    let world = World::new().await;
    let ids: Vec<String> = (0..101).map(|id| format!("child_{id}")).collect();
    let reply = world
        .ask_with(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            serde_json::json!({ "ids": ids }),
        )
        .await;
    insta::assert_snapshot!(serde_json::to_string(&reply.errors).unwrap(), @r#"[{"message":"Send at most 100 ids at once.","locations":[{"line":1,"column":24}],"path":["nodes"],"extensions":{"code":"BAD_USER_INPUT","requestId":"request-1"}}]"#);
}
