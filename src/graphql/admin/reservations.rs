//! Reservation campaigns: made, changed, launched.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::TimeDelta;

use super::awards::list_length;
use super::problem::Problem;
use super::scope::AdminContext;
use crate::domain::api_key::Scope;
use crate::domain::reservation::{self as domain, CampaignProblem, ReservationReward, ReservationTerms};
use crate::graphql::NullableField;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::service::create_reservation_campaign::{change_reservation_campaign, create_reservation_campaign};
use crate::service::launch_reservations::{LaunchOutcome, launch_reservations};

#[derive(Default)]
pub(super) struct ReservationQueries;

#[Object]
impl ReservationQueries {
    /// Reservation campaigns, the newest first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn reservation_campaigns(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<ReservationCampaign>> {
        let found = async {
            let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let campaigns = scope.ops.reservation_campaigns(list_length(first)?).await;
            campaigns
                .map(|campaigns| {
                    campaigns
                        .into_iter()
                        .map(|campaign| ReservationCampaign::new(campaign, scope))
                        .collect()
                })
                .map_err(|error| scope.read_failed(&error))
        };
        Some(found.await)
    }
}

#[derive(Default)]
pub(super) struct ReservationMutations;

#[Object]
impl ReservationMutations {
    /// Makes a reservation campaign. Needs OPS_WRITE.
    async fn create_reservation_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign as it is to be.")] input: ReservationCampaignInput,
    ) -> NullableField<ReservationCampaignPayload> {
        Some(create(ctx, input).await)
    }

    /// Changes a reservation campaign: what is left out has its default, not its old value. After the launch only the title and
    /// the legacy default can change. Needs OPS_WRITE.
    async fn change_reservation_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign as it is to be, whole; its key says which.")] input: ReservationCampaignInput,
    ) -> NullableField<ReservationCampaignPayload> {
        Some(change(ctx, input).await)
    }

    /// Launches a reservation campaign, once and for ever: its places are final, and the job `pay_reservations` pays each the
    /// reward within a minute. A second launch changes nothing. Needs OPS_WRITE.
    async fn launch_reservations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign's key.")] key: String,
        #[graphql(desc = "Why; kept in the audit log.")] reason: String,
    ) -> NullableField<ReservationCampaignPayload> {
        Some(launch(ctx, &key, &reason).await)
    }
}

async fn create(ctx: &Context<'_>, input: ReservationCampaignInput) -> Result<ReservationCampaignPayload> {
    let scope = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let (key, reason, terms) = input.read();
    let created = create_reservation_campaign(&scope.pool, &key, &terms, &reason, &scope.author())
        .await
        .map_err(|error| scope.write_failed(&error))?;
    Ok(ReservationCampaignPayload::new(created, scope))
}

async fn change(ctx: &Context<'_>, input: ReservationCampaignInput) -> Result<ReservationCampaignPayload> {
    let scope = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let (key, reason, terms) = input.read();
    let changed = change_reservation_campaign(&scope.pool, &key, &terms, &reason, &scope.author())
        .await
        .map_err(|error| scope.write_failed(&error))?;
    Ok(ReservationCampaignPayload::new(changed, scope))
}

async fn launch(ctx: &Context<'_>, key: &str, reason: &str) -> Result<ReservationCampaignPayload> {
    let scope = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let launched = launch_reservations(&scope.pool, key, reason, &scope.author())
        .await
        .map_err(|error| scope.write_failed(&error))?;
    let outcome = match launched {
        LaunchOutcome::Launched(campaign) => Ok(campaign),
        LaunchOutcome::AlreadyLaunched(campaign) => {
            return Ok(ReservationCampaignPayload {
                campaign: Some(ReservationCampaign::new(campaign, scope)),
                changed: false,
                problems: Vec::new(),
            });
        }
        LaunchOutcome::Unknown => Err(vec![CampaignProblem::Unknown]),
        LaunchOutcome::ReasonInvalid => Err(vec![CampaignProblem::ReasonInvalid]),
    };
    Ok(ReservationCampaignPayload::new(outcome, scope))
}

/// A reservation campaign as it is to be.
#[derive(InputObject)]
struct ReservationCampaignInput {
    /// The name by which clients ask for it: a small letter, then those, digits, `_` and `-`, at most 40. It never changes.
    key: String,
    /// What people call it.
    title: Option<String>,
    /// How many places there are; left out, there is no limit.
    capacity: Option<i32>,
    /// From when on places can be taken; left out, at once.
    opens_at: Option<DateTime>,
    /// Until when places can be taken and given back; left out, until the launch.
    closes_at: Option<DateTime>,
    /// Closes it by hand, whatever the window says; it can be opened again until the launch.
    #[graphql(default = false)]
    closed: bool,
    /// What each place is paid after the launch; left out, nothing.
    reward_amount: Option<Decimal>,
    /// The host's own id of the coin of the reward; goes with the amount.
    reward_coin_id: Option<String>,
    /// Seconds from the reward to its settlement.
    #[graphql(default = 0)]
    reward_hold_seconds: i64,
    /// Whether the legacy method `customer/subscribe_counts` counts it when it names no key; it takes this from the campaign that
    /// had it.
    #[graphql(default = false)]
    legacy_default: bool,
    /// Why it is made or changed; kept in the audit log.
    reason: String,
}

impl ReservationCampaignInput {
    /// Key, reason and terms. An amount without a coin, or a coin without an amount, is a reward that the service refuses.
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

/// What became of a campaign.
#[derive(SimpleObject)]
struct ReservationCampaignPayload {
    /// The campaign as it is now; null when there is none, or the change was refused.
    campaign: Option<ReservationCampaign>,
    /// Whether anything was changed.
    changed: bool,
    /// Everything that stands against it; empty when it was done.
    problems: Vec<Problem>,
}

impl ReservationCampaignPayload {
    fn new(outcome: Result<domain::ReservationCampaign, Vec<CampaignProblem>>, scope: &AdminContext) -> Self {
        match outcome {
            Ok(campaign) => Self {
                campaign: Some(ReservationCampaign::new(campaign, scope)),
                changed: true,
                problems: Vec::new(),
            },
            Err(problems) => Self {
                campaign: None,
                changed: false,
                problems: Problem::all(problems, scope.language),
            },
        }
    }
}

/// Where a reservation campaign is at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::ReservationState")]
enum ReservationState {
    /// It has not opened yet.
    Upcoming,
    /// Places can be taken and given back.
    Open,
    /// Places can neither be taken nor given back.
    Closed,
    /// It is over for good, and its places are final.
    Launched,
}

/// A campaign in which each user can reserve one place, as ops see it.
#[derive(SimpleObject)]
struct ReservationCampaign {
    /// The campaign's id, such as `reservation_3`.
    id: ID,
    /// The name by which clients ask for it.
    key: String,
    /// What people call it.
    title: Option<String>,
    /// Where it is at this moment.
    state: ReservationState,
    /// How many users have a place.
    count: i32,
    /// How many places there are; null is no limit.
    capacity: Option<i32>,
    /// From when on places can be taken.
    opens_at: Option<DateTime>,
    /// Until when places can be taken and given back.
    closes_at: Option<DateTime>,
    /// Whether it is closed whatever its window says: by hand, or since its window ended.
    closed: bool,
    /// What each place is paid after the launch; null is nothing.
    reward_amount: Option<Decimal>,
    /// The host's own id of the coin of the reward.
    reward_coin_id: Option<String>,
    /// Seconds from the reward to its settlement; null where there is no reward.
    reward_hold_seconds: Option<i64>,
    /// Whether the legacy method counts it when it names no key.
    legacy_default: bool,
    /// When it was launched; null before.
    launched_at: Option<DateTime>,
    /// When every place had its reward; null before, and where there is none.
    rewards_paid_at: Option<DateTime>,
    /// Who made it.
    created_by: String,
    /// Why it was made.
    reason: String,
    /// When it was made.
    created_at: DateTime,
}

impl ReservationCampaign {
    fn new(campaign: domain::ReservationCampaign, scope: &AdminContext) -> Self {
        let state = campaign.state_at(scope.moment.at).into();
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
