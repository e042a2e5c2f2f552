//! Pages forward and backward, and what is refused.

use async_graphql::Value;
use newbee::domain::id::UserId;

use crate::support::world::{VIEWER, World, at};

/// Seven children, five of them bound in the same instant.
async fn seven_children(world: &World) {
    for id in 1..=7 {
        world.add_user(UserId(id), &format!("child {id}")).await;
        let time = match id {
            1 => "01:00:00.000001",
            7 => "03:00:00",
            _ => "02:00:00.123456",
        };
        world.bind(UserId(id), VIEWER, time).await;
    }
}

/// A page as its ids, hasPreviousPage, hasNextPage and its two cursors.
struct Seen {
    ids: String,
    previous: bool,
    next: bool,
    start: Value,
    end: Value,
}

async fn page(world: &World, list: &str, arguments: serde_json::Value) -> Seen {
    let query = format!(
        "query ($first: Int, $after: String, $last: Int, $before: String) {{
           me {{ list: {list}(first: $first, after: $after, last: $last, before: $before) {{
             edges {{ cursor node {{ id }} }} nodes {{ id }}
             pageInfo {{ hasPreviousPage hasNextPage startCursor endCursor }}
           }} }}
         }}"
    );
    let reply = world.ask_with(&query, arguments).await;
    assert_eq!(reply.errors, []);
    let Value::List(edges) = at(&reply, "me.list.edges") else {
        panic!("{reply:?}")
    };
    let ids: Vec<String> = (0..edges.len())
        .map(|place| match at(&reply, &format!("me.list.edges.{place}.node.id")) {
            Value::String(id) => id.rsplit('_').next().unwrap().to_owned(),
            other => panic!("{other}"),
        })
        .collect();
    let flag = |name: &str| at(&reply, &format!("me.list.pageInfo.{name}")) == Value::Boolean(true);
    let cursor = |name: &str| at(&reply, &format!("me.list.pageInfo.{name}"));
    Seen {
        ids: ids.join(" "),
        previous: flag("hasPreviousPage"),
        next: flag("hasNextPage"),
        start: cursor("startCursor"),
        end: cursor("endCursor"),
    }
}

#[tokio::test]
async fn children_are_read_forward_and_backward_without_gap_or_repeat() {
    let world = World::new().await;
    seven_children(&world).await;
    read_both_ways(&world, "children").await;
}

#[tokio::test]
async fn awards_are_read_forward_and_backward_without_gap_or_repeat() {
    let world = World::new().await;
    for day in 1..=7 {
        world.award(VIEWER, "sign_in", &format!("2026-11-0{day}"), None).await;
    }
    read_both_ways(&world, "awards").await;
}

async fn read_both_ways(world: &World, list: &str) {
    use serde_json::json;
    let all = page(world, list, json!({})).await;
    assert_eq!(
        (all.ids.as_str(), all.previous, all.next),
        ("7 6 5 4 3 2 1", false, false)
    );

    let one = page(world, list, json!({ "first": 3 })).await;
    assert_eq!((one.ids.as_str(), one.previous, one.next), ("7 6 5", false, true));
    let two = page(world, list, json!({ "first": 3, "after": one.end })).await;
    assert_eq!((two.ids.as_str(), two.previous, two.next), ("4 3 2", true, true));
    let three = page(world, list, json!({ "first": 3, "after": two.end })).await;
    assert_eq!((three.ids.as_str(), three.previous, three.next), ("1", true, false));
    let beyond = page(world, list, json!({ "first": 3, "after": three.end })).await;
    assert_eq!((beyond.ids.as_str(), beyond.previous, beyond.next), ("", true, false));
    assert_eq!((beyond.start, beyond.end), (Value::Null, Value::Null));

    let last = page(world, list, json!({ "last": 3 })).await;
    assert_eq!((last.ids.as_str(), last.previous, last.next), ("3 2 1", true, false));
    let middle = page(world, list, json!({ "last": 3, "before": last.start })).await;
    assert_eq!(
        (middle.ids.as_str(), middle.previous, middle.next),
        ("6 5 4", true, true)
    );
    let top = page(world, list, json!({ "last": 3, "before": middle.start })).await;
    assert_eq!((top.ids.as_str(), top.previous, top.next), ("7", false, true));

    let between = page(
        world,
        list,
        json!({ "first": 20, "after": one.end, "before": last.start }),
    )
    .await;
    assert_eq!(
        (between.ids.as_str(), between.previous, between.next),
        ("4", true, true)
    );
    let exactly = page(world, list, json!({ "first": 7 })).await;
    assert_eq!((exactly.previous, exactly.next), (false, false));
    let none = page(world, list, json!({ "first": 0 })).await;
    assert_eq!((none.ids.as_str(), none.next), ("", true));
}

#[tokio::test]
async fn a_page_takes_one_statement_and_counts_only_when_asked() {
    let world = World::new().await;
    seven_children(&world).await;
    let reply = world.ask("{ me { children { totalCount } } }").await;
    assert_eq!(at(&reply, "me.children.totalCount"), 7.into());
    let cursor = page(&world, "children", serde_json::json!({ "first": 3 })).await.end;
    let before = world.statements();
    page(&world, "children", serde_json::json!({ "first": 3, "after": cursor })).await;
    assert_eq!(world.statements() - before, 1);
}

#[tokio::test]
async fn what_cannot_be_a_page_is_refused_with_advice() {
    let world = World::new().await;
    let of_awards = "AWEAAAAAAAAAAQ";
    let mut errors = Vec::new();
    for arguments in [
        "first: 1, last: 1".to_owned(),
        "first: 101".to_owned(),
        "last: -1".to_owned(),
        "after: \"nonsense\"".to_owned(),
        format!("before: \"{of_awards}\""),
    ] {
        let reply = world
            .ask(&format!("{{ me {{ id children({arguments}) {{ nodes {{ id }} }} }} }}"))
            .await;
        assert_eq!(at(&reply, "me.children"), Value::Null);
        assert_eq!(at(&reply, "me.id"), "user_17".into());
        errors.push(format!(
            "{arguments}: {} {:?}",
            reply.errors[0].message, reply.errors[0].extensions
        ));
    }
    assert_eq!(world.statements(), 0);
    insta::assert_snapshot!(errors.join("\n"), @r#"
    first: 1, last: 1: Send either first or last, not both. Some(ErrorExtensionValues({"code": String("BAD_USER_INPUT"), "requestId": String("request-1")}))
    first: 101: first must be between 0 and 100. Read longer lists page by page, with cursors. Some(ErrorExtensionValues({"code": String("BAD_USER_INPUT"), "requestId": String("request-1")}))
    last: -1: last must be between 0 and 100. Read longer lists page by page, with cursors. Some(ErrorExtensionValues({"code": String("BAD_USER_INPUT"), "requestId": String("request-1")}))
    after: "nonsense": after is not a cursor of this list. Send a cursor from an earlier page of the same list, unchanged, or leave after out. Some(ErrorExtensionValues({"code": String("BAD_USER_INPUT"), "requestId": String("request-1")}))
    before: "AWEAAAAAAAAAAQ": before is not a cursor of this list. Send a cursor from an earlier page of the same list, unchanged, or leave before out. Some(ErrorExtensionValues({"code": String("BAD_USER_INPUT"), "requestId": String("request-1")}))
    "#);
}

/// Hosts number users as they like: at the end of the range, and with the 19 digits of a snowflake.
#[tokio::test]
async fn children_with_the_largest_ids_are_read_both_ways() {
    use serde_json::json;
    let world = World::new().await;
    let ids = [
        1,
        1_863_402_948_273_041_408,
        1_863_402_948_273_041_409,
        i64::MAX - 1,
        i64::MAX,
    ];
    for id in ids {
        let name = format!("child {id}");
        world
            .sql(format!(
                "insert into users values ({id}, '{name}', null, 'host', now(), now());
             insert into invitations (user_id, code, parent_id, parent_code, bound_at, class, created_at, updated_at)
             values ({id}, 'C{}', {1}, 'CODE{1}', '2026-11-22T02:00:00Z', 1, now(), now());
             insert into invitation_children values ({1}, '2026-11-22T02:00:00Z', {id});
             update users set children_count = children_count + 1 where user_id = {1}",
                id % 1_000,
                VIEWER.0
            ))
            .await;
    }
    let newest_first: Vec<String> = ids.iter().rev().map(i64::to_string).collect();
    let (mut forward, mut cursor) = (Vec::new(), Value::Null);
    while forward.len() < ids.len() {
        let seen = page(&world, "children", json!({ "first": 1, "after": cursor })).await;
        assert_eq!(
            (seen.previous, seen.next),
            (!forward.is_empty(), forward.len() + 1 < ids.len()),
            "{forward:?}"
        );
        forward.push(seen.ids);
        cursor = seen.end;
    }
    assert_eq!(forward, newest_first);
    let (mut backward, mut cursor) = (Vec::new(), Value::Null);
    while backward.len() < ids.len() {
        let seen = page(&world, "children", json!({ "last": 1, "before": cursor })).await;
        backward.push(seen.ids);
        cursor = seen.start;
    }
    backward.reverse();
    assert_eq!(backward, newest_first);
}
