//! Session keys that are looked up in the statement of `me`.

use std::sync::Arc;

use async_graphql::{Request, Response, Value};
use futures_util::future::join_all;
use newbee::domain::id::UserId;
use newbee::domain::language::Language;
use newbee::domain::session::SessionKey;
use newbee::graphql::RequestContext;
use newbee::loaders::Viewer;
use serde_json::json;

use crate::customer::me::{WHOLE_ME, furnish};
use crate::customer::session_lookups::add_session;
use crate::support::app::TestApp;
use crate::support::citus;
use crate::support::post_graphql;
use crate::support::world::{NOW, VIEWER, World, at, json};

/// The reply to a query of the owner of a key that was not looked up yet.
async fn ask(world: &World, key: &SessionKey, query: &str) -> Response {
    let now = NOW.parse().unwrap();
    let viewer = Viewer::of_key(key.hash(), now, world.state.sessions.clone());
    let context = RequestContext::new(
        Arc::new(world.state.clone()),
        Some(viewer),
        now,
        Language::English,
        "request-1".into(),
    );
    world.schema.execute(Request::new(query).data(context)).await
}

#[tokio::test]
async fn owners_of_keys_that_come_together_get_their_own_data_in_one_statement() {
    if citus::skips("it counts statements, and there are more") {
        return;
    }
    let world = World::new().await;
    furnish(&world).await;
    let alone = json(&world.ask(WHOLE_ME).await);
    let of_other = json(&world.run(Some(UserId(21)), Request::new(WHOLE_ME)).await);
    let [mine, theirs, expired, revoked, unknown] = [1, 2, 3, 4, 5].map(|byte| SessionKey::from_random([byte; 32]));
    add_session(&world, &mine, VIEWER, "2026-12-01Z", None).await;
    add_session(&world, &theirs, UserId(21), "2026-12-01Z", None).await;
    add_session(&world, &expired, VIEWER, NOW, None).await;
    add_session(&world, &revoked, VIEWER, "2026-12-01Z", Some("2026-11-01Z")).await;
    let (before, lookups) = (world.statements(), world.state.sessions.statements());
    let keys = [&unknown, &theirs, &mine, &expired, &revoked, &mine, &theirs];
    let (replies, known) = tokio::join!(
        join_all(keys.map(|key| ask(&world, key, WHOLE_ME))),
        world.ask(WHOLE_ME)
    );
    let expected = [
        None,
        Some(&of_other),
        Some(&alone),
        None,
        None,
        Some(&alone),
        Some(&of_other),
    ];
    for (reply, expected) in replies.iter().zip(expected) {
        match expected {
            Some(expected) => assert_eq!(json(reply), *expected),
            None => assert_eq!(at(reply, "me"), Value::Null),
        }
    }
    assert_eq!(json(&known), alone);
    assert_eq!(world.statements() - before, 1);
    assert_eq!(world.state.sessions.statements(), lookups);
}

#[tokio::test]
async fn a_part_that_fails_blanks_its_field_alone() {
    let world = World::new().await;
    furnish(&world).await;
    let key = SessionKey::from_random([1; 32]);
    add_session(&world, &key, VIEWER, "2026-12-01Z", None).await;
    world.sql("alter table award_feeds rename to elsewhere").await;
    let before = world.statements();
    let reply = ask(&world, &key, "{ me { id name signIn { streak } } }").await;
    assert_eq!(at(&reply, "me.id"), "user_17".into());
    assert_eq!(at(&reply, "me.name"), "小明".into());
    assert_eq!(at(&reply, "me.signIn"), Value::Null);
    assert_eq!(reply.errors.len(), 1);
    assert_eq!(
        world.statements() - before,
        4,
        "the one statement, then the key and each part by itself"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_query_checks_its_key_and_no_other_statement_does() {
    if citus::skips("it counts statements, and there are more") {
        return;
    }
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let ended = app.add_user(2).await;
    app.sql("update sessions set revoked_at = created_at where user_id = 2")
        .await;
    let (reads, lookups) = (|| app.reads.statements(), || app.sessions.statements());
    let queries = [
        ("{ me { id } }", 1, 0),
        ("{ me { name children { totalCount } } }", 1, 0),
        ("{ a: me { name } b: me { id } clock { businessDay } }", 1, 0),
        ("{ clock { businessDay } }", 0, 1),
        ("{ __typename }", 0, 1),
        ("{ reservation(key: \"nothing\") { id } }", 0, 1),
        ("{ node(id: \"user_1\") { id } }", 0, 1),
        ("{ nope }", 0, 1),
    ];
    for (query, more_reads, more_lookups) in queries {
        let before = (reads(), lookups());
        let (status, reply) = post_graphql(&app.client, &app.url("/graphql"), Some(&user.key), query, json!({})).await;
        assert_eq!(status, 200, "{query}: {reply}");
        assert_eq!(reads() - before.0, more_reads, "{query}");
        assert_eq!(lookups() - before.1, more_lookups, "{query}");
    }
    let reserved = app.reservations.statements();
    let mut refused = None;
    for (query, ..) in queries {
        for key in ["nobody", &ended.key] {
            let (status, mut reply) =
                post_graphql(&app.client, &app.url("/graphql"), Some(key), query, json!({})).await;
            assert_eq!(status, 401, "{query}: {reply}");
            assert!(reply.get("data").is_none(), "{query}: {reply}");
            reply["errors"][0]["extensions"]["requestId"].take();
            assert_eq!(*refused.get_or_insert_with(|| reply.clone()), reply, "{query}");
        }
    }
    assert_eq!(refused.unwrap()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(
        app.reservations.statements(),
        reserved,
        "nothing is read for a key that is not valid"
    );
    app.sql("alter table sessions rename to elsewhere").await;
    for (query, ..) in queries {
        let (status, reply) = post_graphql(&app.client, &app.url("/graphql"), Some(&user.key), query, json!({})).await;
        assert_eq!(status, 503, "{query}: {reply}");
    }
    app.sql("alter table elsewhere rename to sessions").await;
    app.stop().await;
}
