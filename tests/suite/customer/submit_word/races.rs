//! Many users and few shares.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use futures_util::StreamExt;
use newbee::domain::audit::Author;
use newbee::domain::id::UserId;
use newbee::domain::user::UserReport;
use newbee::domain::word::WordRejection;
use newbee::service::register_users::{Existing, register_users};
use newbee::service::submit_word::submit_word;
use rust_decimal::Decimal;

use crate::support::app::TestApp;
use crate::support::decided;
use crate::support::words::{create, terms};

const USERS: i64 = 500;

const SHARES: i32 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_users_race_for_fifty_shares() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    let users: Vec<_> = (1..=USERS)
        .map(|id| UserReport {
            user_id: UserId(id),
            ..UserReport::default()
        })
        .collect();
    let author = Author::at_the_command_line(app.clock.now());
    register_users(app.pool(), &users, Existing::Change, &author)
        .await
        .unwrap();
    let campaign = create(&app, &terms(&app, "moon", SHARES)).await;
    app.run_due_jobs().await; // the jobs are known from now on

    // Everybody at once on two replicas, and everybody twice.
    let (now, keys) = (app.now(), app.draw_keys());
    let claims = (1..=USERS).flat_map(|id| [(app.pool(), id), (other.pool(), id)]);
    let outcomes: Vec<_> = futures_util::stream::iter(claims)
        .map(|(pool, id)| async move { decided(submit_word(pool, keys, UserId(id), "moon", now).await) })
        .buffer_unordered(64)
        .collect()
        .await;
    let mut counts = BTreeMap::new();
    let mut claimed = Decimal::ZERO;
    for outcome in &outcomes {
        let name = match outcome {
            Ok(claim) => {
                claimed += claim.award.amount;
                "claimed"
            }
            Err(WordRejection::AlreadyClaimed) => "again",
            Err(WordRejection::Unavailable) => "too late",
            Err(other) => panic!("{other:?}"),
        };
        *counts.entry(name).or_insert(0) += 1;
    }
    assert_eq!(
        counts,
        [("claimed", 50), ("again", 50), ("too late", 900)].into(),
        "exactly fifty, and each of these once"
    );
    assert_eq!(claimed, Decimal::ONE_HUNDRED);

    app.clock.advance(TimeDelta::minutes(2));
    app.run_due_jobs().await;
    let (settled, users): (Decimal, i64) = sqlx::query_as("select sum(settled), count(*) from balances")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!((settled, users), (Decimal::ONE_HUNDRED, 50));
    let (used, amount): (i32, Decimal) =
        sqlx::query_as("select used_count, used_amount from word_campaigns where campaign_id = $1")
            .bind(campaign.id)
            .fetch_one(app.pool())
            .await
            .unwrap();
    assert_eq!((used, amount), (SHARES, Decimal::ONE_HUNDRED));
    other.stop().await;
    app.stop().await;
}
