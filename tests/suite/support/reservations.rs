//! Reservation campaigns for tests: terms, reservations, and what the database says of them.

use chrono::{DateTime, TimeDelta, Utc};
use newbee::domain::audit::Author;
use newbee::domain::business_day::BusinessTime;
use newbee::domain::reservation::{ReservationCampaign, ReservationReward, ReservationTerms};
use newbee::service::create_reservation_campaign::create_reservation_campaign;
use newbee::store::bounded::PgPool;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::within;

pub const RESERVE: &str = "mutation($key: String!) { answer: reserve(key: $key) { ...All } }";

pub const CANCEL: &str = "mutation($key: String!) { answer: cancelReservation(key: $key) { ...All } }";

pub const ALL: &str = " fragment All on ReservePayload {
    me { id } reservation { count state mine { reservedAt } }
    userErrors { code legacyStatus field ... on ReservationNotOpenError { opensAt } } }";

/// A campaign of that key.
pub async fn create(app: &TestApp, key: &str, terms: ReservationTerms) -> ReservationCampaign {
    create_reservation_campaign(app.pool(), key, &terms, "a test", &author(app.now()))
        .await
        .expect("sound terms")
}

pub fn places(capacity: i32) -> ReservationTerms {
    ReservationTerms {
        capacity: Some(capacity),
        ..ReservationTerms::default()
    }
}

pub fn window(opens_at: DateTime<Utc>, closes_at: DateTime<Utc>) -> ReservationTerms {
    ReservationTerms {
        opens_at: Some(opens_at),
        closes_at: Some(closes_at),
        ..ReservationTerms::default()
    }
}

pub fn reward(amount: i64) -> Option<ReservationReward> {
    Some(ReservationReward {
        amount: Decimal::from(amount),
        coin_id: "7".to_owned(),
        hold: TimeDelta::zero(),
    })
}

/// Payload of `reserve` or `cancelReservation`; retries while a busy machine keeps the service from answering.
pub async fn act(app: &TestApp, user: &TestUser, mutation: &str, key: &str) -> Value {
    let query = format!("{mutation}{ALL}");
    let attempts = async {
        loop {
            let mut reply = app.reply(Some(&user.key), &query, json!({ "key": key })).await;
            if reply["errors"].is_null() {
                return reply["data"]["answer"].take();
            }
            let code = reply["errors"][0]["extensions"]["code"].as_str().expect("a code");
            assert!(
                ["SERVICE_UNAVAILABLE", "TIMEOUT", "RATE_LIMITED"].contains(&code),
                "{reply:#}"
            );
        }
    };
    within("a reservation is answered", attempts).await
}

/// The code of an answer's only error; `None` when it was done.
pub fn refused(answer: &Value) -> Option<&str> {
    let errors = answer["userErrors"].as_array().expect("a list");
    assert!(errors.len() <= 1, "{answer:#}");
    errors.first().map(|error| error["code"].as_str().expect("a code"))
}

pub async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

pub async fn violations(pool: &PgPool) -> Vec<(String, String)> {
    sqlx::query_as("select violation, detail from reservation_violations")
        .fetch_all(pool)
        .await
        .expect("the view can be read")
}

/// The end of every test.
pub async fn assert_sound(pool: &PgPool) {
    assert_eq!(violations(pool).await, []);
}

/// Author of changes to campaigns.
pub fn author(now: BusinessTime) -> Author {
    Author::at_the_command_line(now.at)
}
