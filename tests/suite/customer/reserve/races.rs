//! Concurrent reservations on two replicas.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use newbee::domain::reservation::ReservationTerms;
use newbee::service::launch_reservations::launch_reservations;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::reservations::author;
use crate::support::reservations::{CANCEL, RESERVE, act, assert_sound, count, create, places, refused, violations};

const TAKEN: &str = "select count(*) from reservations where cancelled_at is null";

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_users_race_for_fifty_places_while_some_give_theirs_back() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    let watching = app.database().pool();
    create(&app, "rush", places(50)).await;
    let mut users = Vec::new();
    for id in 1..=300 {
        users.push(app.add_user(id).await);
    }

    let race = join_all(users.iter().enumerate().map(|(number, user)| {
        let (here, there) = if number % 2 == 0 {
            (&app, &other)
        } else {
            (&other, &app)
        };
        async move {
            let answer = act(here, user, RESERVE, "rush").await;
            match refused(&answer) {
                None if number % 3 == 0 => {
                    let cancelled = act(there, user, CANCEL, "rush").await;
                    assert_eq!(refused(&cancelled), None);
                    false
                }
                None => true,
                Some(code) => {
                    assert_eq!(code, "RESERVATION_FULL");
                    refused(&act(there, user, RESERVE, "rush").await).is_none()
                }
            }
        }
    }));
    let watch = async {
        loop {
            assert!(count(&watching, TAKEN).await <= 50, "oversold");
            assert_eq!(violations(&watching).await, [], "the count is honest at any moment");
        }
    };
    let has_place: Vec<bool> = tokio::select! {
        answers = race => answers,
        () = watch => unreachable!("it watches until the race is over"),
    };

    let holders: BTreeSet<i64> = (1..)
        .zip(&has_place)
        .filter(|(_, has)| **has)
        .map(|(id, _)| id)
        .collect();
    let written: Vec<i64> =
        sqlx::query_scalar("select user_id from reservations where cancelled_at is null order by user_id")
            .fetch_all(app.pool())
            .await
            .unwrap();
    assert_eq!(written, holders.iter().copied().collect::<Vec<_>>());

    // Those who are left take what was given back: fifty it is, and not one more.
    let left: Vec<_> = users.iter().zip(&has_place).filter(|(_, has)| !**has).collect();
    let late = join_all(left.iter().map(|(user, _)| act(&other, user, RESERVE, "rush"))).await;
    let got_one = late.iter().filter(|answer| refused(answer).is_none()).count();
    assert_eq!(holders.len() + got_one, 50);
    assert_eq!(count(app.pool(), TAKEN).await, 50);
    let shown = app.ask(&users[0], "{ reservation(key: \"rush\") { count } }").await;
    assert_eq!(shown["reservation"]["count"], 50);
    assert_sound(app.pool()).await;
    watching.close().await;
    other.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_fifty_times_at_once_takes_one_place_and_gives_back_one() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    let user = app.add_user(17).await;
    create(&app, "rush", places(1)).await;
    for (mutation, left) in [(RESERVE, 1), (CANCEL, 0), (RESERVE, 1)] {
        let answers = join_all((0..50).map(|number| {
            let replica = if number % 2 == 0 { &app } else { &other };
            act(replica, &user, mutation, "rush")
        }))
        .await;
        for answer in answers {
            assert_eq!(refused(&answer), None);
            assert_eq!(answer["reservation"]["count"], left);
        }
        assert_eq!(count(app.pool(), TAKEN).await, left);
        assert_sound(app.pool()).await;
    }
    other.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_in_the_middle_of_a_rush_leaves_places_that_are_final() {
    let app = TestApp::start().await;
    let mut users = Vec::new();
    for id in 1..=60 {
        users.push(app.add_user(id).await);
    }
    for round in 0..5 {
        let key = format!("rush-{round}");
        create(&app, &key, ReservationTerms::default()).await;
        let rush = join_all(users.iter().enumerate().map(async |(number, user)| {
            let reserved = act(&app, user, RESERVE, &key).await;
            let cancelled = match number % 2 {
                0 => Some(act(&app, user, CANCEL, &key).await),
                _ => None,
            };
            let has_place =
                refused(&reserved).is_none() && cancelled.as_ref().is_none_or(|answer| refused(answer).is_some());
            let codes = [Some(&reserved), cancelled.as_ref()].map(|answer| answer.and_then(refused).map(str::to_owned));
            (has_place, codes)
        }));
        // After a few have come.
        let launch = async {
            crate::support::wait_until("somebody reserved", async || {
                sqlx::query_scalar("select reserved_count > 5 from reservation_campaigns where campaign_key = $1")
                    .bind(&key)
                    .fetch_one(app.pool())
                    .await
                    .unwrap()
            })
            .await;
            launch_reservations(app.pool(), &key, "a test", &author(app.now()))
                .await
                .unwrap()
        };
        let (answers, outcome) = tokio::join!(rush, launch);
        assert!(outcome.changed);
        let launched = outcome.state;
        let places = answers.iter().filter(|(has_place, _)| *has_place).count();
        assert_eq!(
            launched.reserved_count as usize, places,
            "nobody came or went after the launch"
        );
        for code in answers.iter().flat_map(|(_, codes)| codes).flatten() {
            assert_eq!(code, "RESERVATION_CLOSED");
        }
        assert_sound(app.pool()).await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_looks_at_once_share_statements_and_each_sees_its_own_place() {
    let app = TestApp::start().await;
    let (with_place, without) = (app.add_user(1).await, app.add_user(2).await);
    create(&app, "party", places(5)).await;
    act(&app, &with_place, RESERVE, "party").await;
    let before = app.reservations.statements();
    let looks = (0..100).map(|number| {
        let key = [Some(&with_place.key), Some(&without.key), None][number % 3];
        let query = "{ reservation(key: \"party\") { count mine { reservedAt } } }";
        app.reply(key.map(String::as_str), query, json!({}))
    });
    for (number, reply) in join_all(looks).await.into_iter().enumerate() {
        let mine = (number % 3 == 0).then(|| json!({ "reservedAt": "2026-11-20T04:00:00.000Z" }));
        let expected = json!({ "data": { "reservation": { "count": 1, "mine": mine } } });
        assert_eq!(reply, expected);
    }
    let statements = app.reservations.statements() - before;
    assert!(statements < 50, "{statements} statements for 100 looks");
    app.stop().await;
}
