//! Replies of `reserve` and `cancelReservation`.

use chrono::TimeDelta;
use newbee::domain::reservation::ReservationTerms;
use newbee::service::count_reservations::count_reservations;
use newbee::service::launch_reservations::launch_reservations;
use serde_json::{Value, json};

use crate::support::app::{TestApp, instant};
use crate::support::reservations::author;
use crate::support::reservations::{CANCEL, RESERVE, act, assert_sound, create, places, refused, reward, window};

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_taken_once_and_given_back_once() {
    let app = TestApp::start().await;
    let (user, friend) = (app.add_user(17).await, app.add_user(18).await);
    create(&app, "libra", places(1)).await;
    let taken = act(&app, &user, RESERVE, " Libra ").await;
    insta::assert_compact_json_snapshot!(taken, @r#"
    {
      "me": {
        "id": "user_17"
      },
      "reservation": {
        "count": 1,
        "mine": {
          "reservedAt": "2026-11-20T04:00:00.000Z"
        },
        "state": "OPEN"
      },
      "userErrors": []
    }
    "#);
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        act(&app, &user, RESERVE, "LIBRA").await,
        taken,
        "again: nothing changes, though it is full"
    );
    insta::assert_compact_json_snapshot!(act(&app, &friend, RESERVE, "libra").await, @r#"
    {
      "me": {
        "id": "user_18"
      },
      "reservation": {
        "count": 1,
        "mine": null,
        "state": "OPEN"
      },
      "userErrors": [
        {
          "code": "RESERVATION_FULL",
          "field": [
            "key"
          ],
          "legacyStatus": 224
        }
      ]
    }
    "#);

    let free = act(&app, &user, CANCEL, "libra").await;
    insta::assert_compact_json_snapshot!(free, @r#"{"me": {"id": "user_17"}, "reservation": {"count": 0, "mine": null, "state": "OPEN"}, "userErrors": []}"#);
    assert_eq!(act(&app, &user, CANCEL, "libra").await, free, "again: nothing changes");
    assert_eq!(refused(&act(&app, &friend, RESERVE, "libra").await), None);
    assert_eq!(
        refused(&act(&app, &user, RESERVE, "libra").await),
        Some("RESERVATION_FULL")
    );
    act(&app, &friend, CANCEL, "libra").await;
    let back = act(&app, &user, RESERVE, "libra").await;
    assert_eq!(
        back["reservation"]["mine"]["reservedAt"], "2026-11-20T04:01:00.000Z",
        "who comes back comes now"
    );
    assert_sound(app.pool()).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_opens_and_closes_by_the_clock() {
    let app = TestApp::start().await;
    let (user, friend) = (app.add_user(17).await, app.add_user(18).await);
    let (opens, closes) = (instant("2026-11-21T00:00:00Z"), instant("2026-11-22T00:00:00Z"));
    create(&app, "party", window(opens, closes)).await;

    app.clock.set(opens - TimeDelta::milliseconds(1));
    insta::assert_compact_json_snapshot!(act(&app, &user, RESERVE, "party").await, @r#"
    {
      "me": {
        "id": "user_17"
      },
      "reservation": {
        "count": 0,
        "mine": null,
        "state": "UPCOMING"
      },
      "userErrors": [
        {
          "code": "RESERVATION_NOT_OPEN",
          "field": [
            "key"
          ],
          "legacyStatus": 222,
          "opensAt": "2026-11-21T00:00:00.000Z"
        }
      ]
    }
    "#);
    app.clock.set(opens);
    assert_eq!(refused(&act(&app, &user, RESERVE, "party").await), None);
    app.clock.set(closes - TimeDelta::milliseconds(1));
    assert_eq!(refused(&act(&app, &friend, RESERVE, "party").await), None);
    assert_eq!(refused(&act(&app, &friend, CANCEL, "party").await), None);

    app.clock.set(closes);
    insta::assert_compact_json_snapshot!(act(&app, &friend, RESERVE, "party").await, @r#"
    {
      "me": {
        "id": "user_18"
      },
      "reservation": {
        "count": 1,
        "mine": null,
        "state": "CLOSED"
      },
      "userErrors": [
        {
          "code": "RESERVATION_CLOSED",
          "field": [
            "key"
          ],
          "legacyStatus": 223
        }
      ]
    }
    "#);
    assert_eq!(
        refused(&act(&app, &user, RESERVE, "party").await),
        None,
        "they have theirs"
    );
    insta::assert_compact_json_snapshot!(act(&app, &user, CANCEL, "party").await, @r#"
    {
      "me": {
        "id": "user_17"
      },
      "reservation": {
        "count": 1,
        "mine": {
          "reservedAt": "2026-11-21T00:00:00.000Z"
        },
        "state": "CLOSED"
      },
      "userErrors": [
        {
          "code": "RESERVATION_CLOSED",
          "field": [
            "key"
          ],
          "legacyStatus": 223
        }
      ]
    }
    "#);
    assert_eq!(
        refused(&act(&app, &friend, CANCEL, "party").await),
        None,
        "they have none"
    );

    launch_reservations(app.pool(), "party", "a test", &author(app.now()))
        .await
        .unwrap();
    insta::assert_compact_json_snapshot!(act(&app, &friend, RESERVE, "party").await, @r#"
    {
      "me": {
        "id": "user_18"
      },
      "reservation": {
        "count": 1,
        "mine": null,
        "state": "LAUNCHED"
      },
      "userErrors": [
        {
          "code": "RESERVATION_CLOSED",
          "field": [
            "key"
          ],
          "legacyStatus": 223
        }
      ]
    }
    "#);
    insta::assert_compact_json_snapshot!(act(&app, &user, CANCEL, "party").await, @r#"
    {
      "me": {
        "id": "user_17"
      },
      "reservation": {
        "count": 1,
        "mine": {
          "reservedAt": "2026-11-21T00:00:00.000Z"
        },
        "state": "LAUNCHED"
      },
      "userErrors": [
        {
          "code": "RESERVATION_CLOSED",
          "field": [
            "key"
          ],
          "legacyStatus": 223
        }
      ]
    }
    "#);
    let mine = app
        .ask(&user, "{ reservation(key: \"party\") { count mine { reservedAt } } }")
        .await;
    insta::assert_compact_json_snapshot!(mine, @r#"{"reservation": {"count": 1, "mine": {"reservedAt": "2026-11-21T00:00:00.000Z"}}}"#);
    assert_sound(app.pool()).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_key_is_unknown() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    let unknown = json!({
        "me": { "id": "user_17" }, "reservation": null,
        "userErrors": [{ "code": "RESERVATION_UNKNOWN", "legacyStatus": 221, "field": ["key"] }],
    });
    for key in [
        "",
        "  ",
        "nothing",
        "预约",
        "a\u{0}b",
        &"k".repeat(41),
        &"x".repeat(5_000),
    ] {
        assert_eq!(act(&app, &user, RESERVE, key).await, unknown, "{key}");
        assert_eq!(act(&app, &user, CANCEL, key).await, unknown, "{key}");
        let query = "query($key: String!) { reservation(key: $key) { count } }";
        let shown = app.ask_with(&user, query, json!({ "key": key })).await;
        assert_eq!(shown, json!({ "reservation": null }), "{key}");
        assert_eq!(count_reservations(app.pool(), Some(key)).await.unwrap(), None);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_sees_campaigns_and_only_users_reserve() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    let terms = ReservationTerms {
        title: Some("The first".to_owned()),
        reward: reward(10),
        ..places(5)
    };
    let first = create(&app, "first", terms).await;
    create(&app, "second", ReservationTerms::default()).await;
    act(&app, &user, RESERVE, "first").await;

    let query = "{
        a: reservation(key: \"first\") { ...All } b: reservation(key: \"Second\") { key count capacity mine { reservedAt } }
        c: reservation(key: \"third\") { id } d: reservation(key: \"FIRST\") { count mine { reservedAt } } }
        fragment All on Reservation { id key title count capacity opensAt closesAt state rewardAmount rewardCoinId mine { reservedAt } }";
    let seen = |mine: Value| {
        json!({
            "a": {
                "id": format!("reservation_{}", first.id), "key": "first", "title": "The first", "count": 1, "capacity": 5,
                "opensAt": null, "closesAt": null, "state": "OPEN", "rewardAmount": "10.0000", "rewardCoinId": "7", "mine": mine,
            },
            "b": { "key": "second", "count": 0, "capacity": null, "mine": null },
            "c": null,
            "d": { "count": 1, "mine": mine },
        })
    };
    let statements = app.reservations.statements();
    let anonymous = app.reply(None, query, json!({})).await;
    assert_eq!(anonymous, json!({ "data": seen(Value::Null) }));
    assert_eq!(app.reservations.statements() - statements, 1, "for four campaigns");
    assert_eq!(
        app.ask(&user, query).await,
        seen(json!({ "reservedAt": "2026-11-20T04:00:00.000Z" }))
    );

    let reply = app
        .reply(
            None,
            "mutation { reserve(key: \"first\") { userErrors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(reply["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(count_reservations(app.pool(), Some(" First ")).await.unwrap(), Some(1));
    assert_sound(app.pool()).await;
    app.stop().await;
}
