//! Reservation campaign of the demo: open, partly reserved, and counted by the legacy method.

use crate::store::bounded::PgConnection;
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::people::{INVITER, friend_ids};
use crate::domain::id::UserId;
use crate::domain::reservation::{ReservationReward, ReservationTerms};
use crate::store::demo;
use crate::store::reservations::campaigns::{self, NewCampaign};

/// Number of the inviter's friends with a reservation.
const FRIENDS: usize = 120;

/// Creates the campaign with `began` as its opening time.
pub(super) async fn make(connection: &mut PgConnection, began: DateTime<Utc>) -> anyhow::Result<()> {
    let terms = ReservationTerms {
        title: Some("Libra".to_owned()),
        capacity: Some(1_000),
        opens_at: Some(began),
        reward: Some(ReservationReward {
            amount: Decimal::from(50),
            coin_id: "1".to_owned(),
            hold: TimeDelta::zero(),
        }),
        is_legacy_default: true,
        ..ReservationTerms::default()
    };
    let new = NewCampaign {
        key: "libra",
        terms: &terms,
        created_by: "demo",
        reason: "demo data",
    };
    campaigns::lock(connection).await?;
    let campaign = campaigns::insert(connection, new, began)
        .await?
        .context("the database already has a reservation campaign with the key of the demo's campaign")?;
    let users: Vec<UserId> = std::iter::once(INVITER).chain(friend_ids().take(FRIENDS)).collect();
    Ok(demo::insert_reservations(connection, campaign.id, &users, began).await?)
}
