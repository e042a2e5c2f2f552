//! The demo's reservation campaign: open, with some places taken, and what the legacy method counts.

use crate::store::bounded::PgConnection;
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::people::{INVITER, friend_ids};
use crate::domain::id::UserId;
use crate::domain::reservation::{ReservationReward, ReservationTerms};
use crate::store::demo;
use crate::store::reservations::campaigns::{self, NewCampaign};

/// How many of the inviter's friends have a place.
const FRIENDS: usize = 120;

/// Makes the campaign as if it had opened at `began`.
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
        .context("this database has a reservation campaign with the key that the demo gives to its own")?;
    let users: Vec<UserId> = std::iter::once(INVITER).chain(friend_ids().take(FRIENDS)).collect();
    Ok(demo::insert_reservations(connection, campaign.id, &users, began).await?)
}
