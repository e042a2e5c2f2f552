//! Requests that share statements.

use std::time::Duration;

use async_graphql::Request;
use futures_util::future::join_all;
use newbee::domain::id::UserId;

use crate::customer::me::{WHOLE_ME, furnish};
use crate::support::citus;
use crate::support::world::{VIEWER, World, at, json};

#[tokio::test]
async fn the_same_user_twice_in_a_batch_gets_the_same_twice() {
    if citus::skips("it counts statements, and there are more") {
        return;
    }
    let world = World::new().await;
    furnish(&world).await;
    let alone = json(&world.ask(WHOLE_ME).await);
    let of_other = json(&world.run(Some(UserId(21)), Request::new(WHOLE_ME)).await);
    let before = world.statements();
    let viewers = [VIEWER, UserId(21), VIEWER, VIEWER, UserId(21)];
    let replies = join_all(viewers.map(|viewer| world.run(Some(viewer), Request::new(WHOLE_ME)))).await;
    for (viewer, reply) in viewers.iter().zip(&replies) {
        assert_eq!(
            json(reply),
            if *viewer == VIEWER {
                alone.clone()
            } else {
                of_other.clone()
            }
        );
    }
    assert_eq!(world.statements() - before, 1, "all five came at once");
}

#[tokio::test]
async fn different_questions_share_a_statement_and_each_gets_its_own_answer() {
    if citus::skips("it counts statements, and there are more") {
        return;
    }
    let world = World::new().await;
    furnish(&world).await;
    let queries = [
        "{ me { name } }",
        "{ me { invitation { parentId } } }",
        "{ me { children(first: 1) { nodes { name } } } }",
        "{ me { children(last: 1) { nodes { name } } } }",
    ];
    let replies = join_all(queries.map(|query| world.ask(query))).await;
    assert_eq!(world.statements(), 1);
    let found = [
        at(&replies[0], "me.name"),
        at(&replies[1], "me.invitation.parentId"),
        at(&replies[2], "me.children.nodes.0.name"),
        at(&replies[3], "me.children.nodes.0.name"),
    ];
    assert_eq!(found, ["小明", "user_9", "second", "first"].map(Into::into));
}

#[tokio::test]
async fn a_request_that_is_dropped_cancels_no_other() {
    let world = World::new().await;
    let mut lock = world.pool().begin().await.unwrap();
    sqlx::raw_sql("lock table users in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();

    let dropped = tokio::spawn({
        let (schema, scope) = (world.schema.clone(), world.scope(Some(VIEWER)));
        async move { schema.execute(Request::new("{ me { name } }").data(scope)).await }
    });
    let in_time = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let waiting: bool = sqlx::query_scalar(
                "select exists (select 1 from pg_locks where not granted and relation = 'users'::regclass)",
            )
            .fetch_one(&mut *lock)
            .await
            .unwrap();
            if waiting {
                break;
            }
        }
    });
    in_time
        .await
        .expect("the statement of the first request waits for the lock");
    dropped.abort();
    let (reply, _) = tokio::join!(world.ask("{ me { name } }"), lock.commit());
    assert_eq!(at(&reply, "me.name"), "小明".into());
}
