//! Reservation campaigns, and reserving or cancelling a place.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::me::Customer;
use super::user_error::UserError;
use crate::domain::reservation::{self as domain, ReservationRejection, normalise_key};
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::{NullableField, RequestContext};
use crate::loaders::{CampaignAsk, CampaignView};
use crate::service::cancel_reservation::cancel_reservation;
use crate::service::reserve::reserve;

/// State of a reservation campaign at the time of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::ReservationState")]
pub(super) enum ReservationState {
    /// The campaign is not open yet.
    Upcoming,
    /// Places can be reserved, unless all are taken, and cancelled.
    Open,
    /// Places can be neither reserved nor cancelled. The campaign may open again.
    Closed,
    /// The campaign was launched: the places are final, and each is paid the reward if there is one.
    Launched,
}

/// A campaign in which each user can reserve one place.
#[derive(SimpleObject)]
pub(super) struct Reservation {
    /// Campaign ID, such as `reservation_3`. Fetch the campaign by its key, not with `node`.
    id: ID,
    /// Key of the campaign, such as `launch-party`. It never changes.
    key: String,
    /// Display title of the campaign; null if there is none.
    title: Option<String>,
    /// Number of reserved places. The legacy method `customer/subscribe_counts`.
    count: i32,
    /// Number of places; null if unlimited.
    capacity: Option<i32>,
    /// Start of the reservation window; null if it has no start.
    opens_at: Option<DateTime>,
    /// End of the reservation window, also for cancellations; null if it has no end.
    closes_at: Option<DateTime>,
    /// State at the time of the request.
    state: ReservationState,
    /// Reward for each place when the campaign is launched; null if there is none.
    reward_amount: Option<Decimal>,
    /// Host application's coin ID of the reward; null if there is none.
    reward_coin_id: Option<String>,
    /// Place of the user; null if they have none, and without a session key.
    mine: Option<ReservedPlace>,
}

/// A place of the user in a reservation campaign.
#[derive(SimpleObject)]
pub(super) struct ReservedPlace {
    /// Time of the reservation.
    reserved_at: DateTime,
}

impl Reservation {
    fn new(view: CampaignView, context: &RequestContext) -> Self {
        let campaign = view.campaign;
        let state = campaign.state_at(context.moment.at).into();
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

    /// Returns the campaign with this key, normalising its spelling.
    pub async fn of_key(context: &RequestContext, key: &str) -> NullableField<Self> {
        let key = normalise_key(key)?;
        let user = match context.viewer().await {
            Ok(user) => user,
            Err(error) => return Some(Err(error)),
        };
        let found = context.loaders().reservations.load(CampaignAsk { user, key }).await;
        found
            .map(|view| view.map(|view| Self::new(view, context)))
            .map_err(Into::into)
            .transpose()
    }
}

/// Operation on a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Reserve,
    Cancel,
}

/// Reserves or cancels a place.
///
/// # Errors
/// Without a session, with too many concurrent writes of the user, or if the database fails.
pub(super) async fn act(context: &RequestContext, act: Act, key: String) -> Result<ReservePayload> {
    let (user, _slot) = context.acting_viewer().await?;
    let outcome = match act {
        Act::Reserve => reserve(context.pool(), user, &key, context.moment).await,
        Act::Cancel => cancel_reservation(context.pool(), user, &key, context.moment).await,
    };
    let outcome = match outcome {
        Ok(view) => Ok(view),
        Err(failure) => Err(failure.rejection()?),
    };
    Ok(ReservePayload { key, outcome })
}

/// Result of `reserve` or `cancelReservation`.
pub struct ReservePayload {
    key: String,
    outcome: std::result::Result<CampaignView, ReservationRejection>,
}

/// Result of `reserve` or `cancelReservation`.
#[Object]
impl ReservePayload {
    /// The user after the operation.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// Current campaign, even if nothing was changed; null if there is none with this key.
    async fn reservation(&self, ctx: &Context<'_>) -> NullableField<Reservation> {
        let context = RequestContext::of(ctx);
        match &self.outcome {
            Ok(view) => Some(Ok(Reservation::new(view.clone(), context))),
            Err(ReservationRejection::Unknown) => None,
            Err(_) => Reservation::of_key(context, &self.key).await,
        }
    }

    /// Errors that the user can fix; empty on success.
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<UserError> {
        let context = RequestContext::of(ctx);
        let rejection = self.outcome.as_ref().err();
        let error = |rejection: &ReservationRejection| UserError::reservation(*rejection, context);
        rejection.map(error).into_iter().collect()
    }
}
