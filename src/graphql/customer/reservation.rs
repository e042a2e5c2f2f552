//! Reservation campaigns, and taking or giving back a place in one.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::me::Customer;
use super::user_error::UserError;
use crate::domain::reservation::{self as domain, ReservationRejection, normalise_key};
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::{NullableField, RequestContext};
use crate::loaders::CampaignView;
use crate::service::ServiceError;
use crate::service::cancel_reservation::cancel_reservation;
use crate::service::reserve::reserve;

/// Where a reservation campaign is at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::ReservationState")]
pub(super) enum ReservationState {
    /// It has not opened yet.
    Upcoming,
    /// Places can be taken, unless all of them are, and given back.
    Open,
    /// Places can neither be taken nor given back. It may open again.
    Closed,
    /// It is over for good: who had a place then keeps it, and is paid the reward where there is one.
    Launched,
}

/// A campaign in which each user can reserve one place.
#[derive(SimpleObject)]
pub(super) struct Reservation {
    /// The campaign's id, such as `reservation_3`. It is read again by its key, not by `node`.
    id: ID,
    /// The name by which clients ask for it, such as `launch-party`. It never changes.
    key: String,
    /// What people call it; null while it has no title.
    title: Option<String>,
    /// How many users have a place. The legacy method `customer/subscribe_counts`.
    count: i32,
    /// How many places there are; null when there is no limit.
    capacity: Option<i32>,
    /// When the first place can be taken; null when there is no such date.
    opens_at: Option<DateTime>,
    /// From when on no place can be taken or given back; null when there is no such date.
    closes_at: Option<DateTime>,
    /// Where the campaign is at this moment.
    state: ReservationState,
    /// What each place is paid when the campaign is launched; null when it is nothing.
    reward_amount: Option<Decimal>,
    /// The host application's own id of the coin of the reward; null when there is no reward.
    reward_coin_id: Option<String>,
    /// The user's own place; null when they have none, and without a session key.
    mine: Option<ReservedPlace>,
}

/// The user's place in a reservation campaign.
#[derive(SimpleObject)]
pub(super) struct ReservedPlace {
    /// When the user reserved it.
    reserved_at: DateTime,
}

impl Reservation {
    fn new(view: CampaignView, scope: &RequestContext) -> Self {
        let campaign = view.campaign;
        let state = campaign.state_at(scope.moment.at).into();
        let (reward_amount, reward_coin_id) = match campaign.terms.reward {
            Some(reward) => (Some(Decimal(reward.amount)), Some(reward.coin_id)),
            None => (None, None),
        };
        Self {
            id: ID(format!("reservation_{}", campaign.id)),
            key: campaign.key,
            title: campaign.terms.title,
            count: campaign.reserved_count,
            capacity: campaign.terms.capacity,
            opens_at: campaign.terms.opens_at.map(DateTime),
            closes_at: campaign.terms.closes_at.map(DateTime),
            state,
            reward_amount,
            reward_coin_id,
            mine: view.reserved_at.map(|at| ReservedPlace {
                reserved_at: DateTime(at),
            }),
        }
    }

    /// The campaign of a key, whatever its spelling.
    pub async fn of_key(scope: &RequestContext, key: &str) -> NullableField<Self> {
        let found = scope.loaders.reservation(normalise_key(key)?).await;
        found
            .map(|view| view.map(|view| Self::new(view, scope)))
            .map_err(|error| scope.read_failed(&error))
            .transpose()
    }
}

/// What is done to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Reserve,
    Cancel,
}

/// Takes a place or gives it back.
pub(super) async fn act(scope: &RequestContext, act: Act, key: String) -> Result<ReservePayload> {
    let (user, _slot) = scope.acting_viewer().await?;
    let outcome: std::result::Result<_, ServiceError> = match act {
        Act::Reserve => reserve(&scope.pool, user, &key, scope.moment).await,
        Act::Cancel => cancel_reservation(&scope.pool, user, &key, scope.moment).await,
    };
    let outcome = outcome.map_err(|error| scope.write_failed(&error))?;
    Ok(ReservePayload { key, outcome })
}

/// What `reserve` or `cancelReservation` did.
pub struct ReservePayload {
    key: String,
    outcome: std::result::Result<CampaignView, ReservationRejection>,
}

/// What `reserve` or `cancelReservation` did.
#[Object]
impl ReservePayload {
    /// The user after it.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// The campaign as it now is, also when nothing was done; null when there is none of this key.
    async fn reservation(&self, ctx: &Context<'_>) -> NullableField<Reservation> {
        let scope = RequestContext::of(ctx);
        match &self.outcome {
            Ok(view) => Some(Ok(Reservation::new(view.clone(), scope))),
            Err(ReservationRejection::Unknown) => None,
            Err(_) => Reservation::of_key(scope, &self.key).await,
        }
    }

    /// What the person can set right; empty when it was done.
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<UserError> {
        let scope = RequestContext::of(ctx);
        let refusal = self.outcome.as_ref().err();
        refusal
            .map(|refusal| UserError::reservation(*refusal, scope))
            .into_iter()
            .collect()
    }
}
