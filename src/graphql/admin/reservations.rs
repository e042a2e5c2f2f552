//! Reservation campaigns: list, create, change and launch.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::TimeDelta;

use super::awards::list_length;
use super::context::AdminContext;
use super::problem::Problem;
use crate::domain::api_key::Scope;
use crate::domain::reservation::{self as domain, ReservationCampaignRejection, ReservationReward, ReservationTerms};
use crate::graphql::NullableField;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::service::Failure;
use crate::service::create_reservation_campaign::{change_reservation_campaign, create_reservation_campaign};
use crate::service::launch_reservations::launch_reservations;

#[derive(Default)]
pub(super) struct ReservationQueries;

#[Object]
impl ReservationQueries {
    /// Returns reservation campaigns, newest first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn reservation_campaigns(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<ReservationCampaign>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let campaigns = context.ops.reservation_campaigns(list_length(first)?).await;
            campaigns
                .map(|campaigns| {
                    campaigns
                        .into_iter()
                        .map(|campaign| ReservationCampaign::new(campaign, context))
                        .collect()
                })
                .map_err(Into::into)
        };
        Some(found.await)
    }
}

#[derive(Default)]
pub(super) struct ReservationMutations;

#[Object]
impl ReservationMutations {
    /// Creates a reservation campaign. Needs OPS_WRITE.
    async fn create_reservation_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Full definition of the campaign.")] input: ReservationCampaignInput,
    ) -> NullableField<ReservationCampaignPayload> {
        Some(create(ctx, input).await)
    }

    /// Replaces the terms of a reservation campaign; omitted fields are reset to their defaults. After the launch only
    /// `title` and `legacyDefault` can change. Needs OPS_WRITE.
    async fn change_reservation_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Full definition of the campaign, which is selected by its key.")]
        input: ReservationCampaignInput,
    ) -> NullableField<ReservationCampaignPayload> {
        Some(change(ctx, input).await)
    }

    /// Launches a reservation campaign; this cannot be undone. The places become final, and the job `pay_reservations`
    /// pays the reward for each within a minute. A second launch changes nothing. Needs OPS_WRITE.
    async fn launch_reservations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the campaign.")] key: String,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<ReservationCampaignPayload> {
        Some(launch(ctx, &key, &reason).await)
    }
}

async fn create(ctx: &Context<'_>, input: ReservationCampaignInput) -> Result<ReservationCampaignPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let (key, reason, terms) = input.read();
    let created = create_reservation_campaign(&context.pool, &key, &terms, &reason, &context.author()).await;
    ReservationCampaignPayload::new(created, context)
}

async fn change(ctx: &Context<'_>, input: ReservationCampaignInput) -> Result<ReservationCampaignPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let (key, reason, terms) = input.read();
    let changed = change_reservation_campaign(&context.pool, &key, &terms, &reason, &context.author()).await;
    ReservationCampaignPayload::new(changed, context)
}

async fn launch(ctx: &Context<'_>, key: &str, reason: &str) -> Result<ReservationCampaignPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let launched = launch_reservations(&context.pool, key, reason, &context.author()).await;
    Ok(match launched {
        Ok(launched) => ReservationCampaignPayload {
            campaign: Some(ReservationCampaign::new(launched.state, context)),
            changed: launched.changed,
            problems: Vec::new(),
        },
        Err(failure) => ReservationCampaignPayload {
            campaign: None,
            changed: false,
            problems: vec![Problem::new(&failure.rejection()?, context.language)],
        },
    })
}

/// Full definition of a reservation campaign.
#[derive(InputObject)]
struct ReservationCampaignInput {
    /// Key of the campaign for clients: 1–40 characters, lowercase letters, digits, `_` or `-`, starting with a letter.
    /// It cannot be changed.
    key: String,
    /// Display title of the campaign.
    title: Option<String>,
    /// Number of places; unlimited if omitted.
    capacity: Option<i32>,
    /// Start of the reservation window; now if omitted.
    opens_at: Option<DateTime>,
    /// End of the reservation window; the launch if omitted.
    closes_at: Option<DateTime>,
    /// True closes the campaign regardless of its window; it can be reopened until the launch.
    #[graphql(default = false)]
    closed: bool,
    /// Reward for each place after the launch; none if omitted.
    reward_amount: Option<Decimal>,
    /// Host application's coin ID of the reward; required with `rewardAmount`.
    reward_coin_id: Option<String>,
    /// Hold in seconds from the reward to its settlement.
    #[graphql(default = 0)]
    reward_hold_seconds: i64,
    /// True makes this the campaign that the legacy method `customer/subscribe_counts` counts if the request names no
    /// key; replaces the previous default.
    #[graphql(default = false)]
    legacy_default: bool,
    /// Reason for the change; kept in the audit log.
    reason: String,
}

impl ReservationCampaignInput {
    /// Splits the input into key, reason and terms. An amount without a coin, or a coin without an amount, becomes a
    /// reward that the service rejects.
    fn read(self) -> (String, String, ReservationTerms) {
        let has_reward = self.reward_amount.is_some() || self.reward_coin_id.is_some();
        let reward = has_reward.then(|| ReservationReward {
            amount: self.reward_amount.map(|amount| amount.0).unwrap_or_default(),
            coin_id: self.reward_coin_id.unwrap_or_default(),
            hold: TimeDelta::try_seconds(self.reward_hold_seconds).unwrap_or(TimeDelta::MAX),
        });
        let terms = ReservationTerms {
            title: self.title,
            capacity: self.capacity,
            opens_at: self.opens_at.map(|at| at.0),
            closes_at: self.closes_at.map(|at| at.0),
            is_closed: self.closed,
            reward,
            is_legacy_default: self.legacy_default,
        };
        (self.key, self.reason, terms)
    }
}

/// Result of creating, changing or launching a campaign.
#[derive(SimpleObject)]
struct ReservationCampaignPayload {
    /// The campaign after the request; null if there is no such campaign or the change was rejected.
    campaign: Option<ReservationCampaign>,
    /// True if the request changed the campaign.
    changed: bool,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

impl ReservationCampaignPayload {
    fn new(
        outcome: std::result::Result<domain::ReservationCampaign, Failure<Vec<ReservationCampaignRejection>>>,
        context: &AdminContext,
    ) -> Result<Self> {
        Ok(match outcome {
            Ok(campaign) => Self {
                campaign: Some(ReservationCampaign::new(campaign, context)),
                changed: true,
                problems: Vec::new(),
            },
            Err(failure) => Self {
                campaign: None,
                changed: false,
                problems: Problem::all(&failure.rejection()?, context.language),
            },
        })
    }
}

/// State of a reservation campaign at the time of the request.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::ReservationState")]
enum ReservationState {
    /// The campaign is not open yet.
    Upcoming,
    /// Places can be reserved and cancelled.
    Open,
    /// Places can be neither reserved nor cancelled.
    Closed,
    /// The campaign was launched, and its places are final.
    Launched,
}

/// A campaign in which each user can reserve one place, with operator details.
#[derive(SimpleObject)]
struct ReservationCampaign {
    /// Campaign ID, such as `reservation_3`.
    id: ID,
    /// Key of the campaign for clients.
    key: String,
    /// Display title of the campaign.
    title: Option<String>,
    /// State at the time of the request.
    state: ReservationState,
    /// Number of reserved places.
    count: i32,
    /// Number of places; null if unlimited.
    capacity: Option<i32>,
    /// Start of the reservation window.
    opens_at: Option<DateTime>,
    /// End of the reservation window.
    closes_at: Option<DateTime>,
    /// True if the campaign is closed regardless of its window: by an operator, or because the window has ended.
    closed: bool,
    /// Reward for each place after the launch; null if there is none.
    reward_amount: Option<Decimal>,
    /// Host application's coin ID of the reward.
    reward_coin_id: Option<String>,
    /// Hold in seconds from the reward to its settlement; null if there is no reward.
    reward_hold_seconds: Option<i64>,
    /// True if the legacy method counts this campaign when the request names no key.
    legacy_default: bool,
    /// Time of the launch; null before.
    launched_at: Option<DateTime>,
    /// Time at which all rewards were paid; null before, and if there is no reward.
    rewards_paid_at: Option<DateTime>,
    /// Author of the campaign.
    created_by: String,
    /// Reason given at creation.
    reason: String,
    /// Creation time of the campaign.
    created_at: DateTime,
}

impl ReservationCampaign {
    fn new(campaign: domain::ReservationCampaign, context: &AdminContext) -> Self {
        let state = campaign.state_at(context.moment.at).into();
        let terms = campaign.terms;
        let reward_hold_seconds = terms.reward.as_ref().map(|reward| reward.hold.num_seconds());
        let (reward_amount, reward_coin_id) = match terms.reward {
            Some(reward) => (Some(Decimal(reward.amount)), Some(reward.coin_id)),
            None => (None, None),
        };
        Self {
            id: ID(format!("reservation_{}", campaign.id)),
            key: campaign.key,
            title: terms.title,
            state,
            count: campaign.reserved_count,
            capacity: terms.capacity,
            opens_at: terms.opens_at.map(DateTime),
            closes_at: terms.closes_at.map(DateTime),
            closed: terms.is_closed,
            reward_amount,
            reward_coin_id,
            reward_hold_seconds,
            legacy_default: terms.is_legacy_default,
            launched_at: campaign.launched_at.map(DateTime),
            rewards_paid_at: campaign.rewards_paid_at.map(DateTime),
            created_by: campaign.created_by,
            reason: campaign.reason,
            created_at: DateTime(campaign.created_at),
        }
    }
}
