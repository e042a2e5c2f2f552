//! Bridged days: days of an outage that end nobody's streak.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::context::AdminContext;
use super::problem::Problem;
use crate::domain::api_key::Scope;
use crate::graphql::NullableField;
use crate::graphql::scalars::{Date, DateTime};
use crate::loaders::ops::BridgedDay as Bridged;
use crate::service::bridge_day::{BridgeRequest, bridge_day};
use crate::service::correct_awards::Mode;

#[derive(Default)]
pub(super) struct BridgeQueries;

#[Object]
impl BridgeQueries {
    /// Returns all bridged days, newest first. Needs OPS_READ.
    async fn bridged_days(&self, ctx: &Context<'_>) -> NullableField<Vec<BridgedDay>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let days = context.ops.bridged_days().await?;
            Ok(days.into_iter().map(BridgedDay::from).collect())
        };
        Some(found.await)
    }
}

#[derive(Default)]
pub(super) struct BridgeMutations;

#[Object]
impl BridgeMutations {
    /// Bridges a day after an outage: no user's streak ends because of it, whether or not they sign in on it, and it is
    /// not counted. Streaks that began again after the day are joined with those before it, and the bonuses for the
    /// lengths that they reach are paid, at most 10,000 streaks per call: repeat the call until `complete` is true.
    /// This cannot be undone. Needs OPS_WRITE.
    async fn bridge_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Business day to bridge: today, or one of the last 366 days.")] day: Date,
        #[graphql(desc = "Reason; kept with the day and in the audit log.")] reason: String,
        #[graphql(desc = "True counts the streaks without changing anything.", default = false)] dry_run: bool,
    ) -> NullableField<BridgeDayPayload> {
        let mode = if dry_run { Mode::DryRun } else { Mode::Commit };
        let day = day.0;
        Some(bridge(ctx, &BridgeRequest { day, reason, mode }).await)
    }
}

async fn bridge(ctx: &Context<'_>, request: &BridgeRequest) -> Result<BridgeDayPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let author = context.author();
    let bridged = bridge_day(&context.pool, context.calendar, request, &author, context.moment).await;
    Ok(match bridged {
        Ok(bridged) => BridgeDayPayload {
            changed: bridged.changed,
            streaks_kept: bridged.kept,
            streaks_joined: bridged.mended,
            bonus_awards: bridged.bonuses,
            freezes_given_back: bridged.freed,
            complete: bridged.complete,
            problems: Vec::new(),
        },
        Err(failure) => BridgeDayPayload {
            problems: vec![Problem::new(&failure.rejection()?, context.language)],
            ..BridgeDayPayload::default()
        },
    })
}

/// Result of `bridgeDay`.
#[derive(Default, SimpleObject)]
struct BridgeDayPayload {
    /// True if the day was not bridged before, or a dry run would bridge it.
    changed: bool,
    /// Number of streaks that ended before the day and go on if the user signs in today.
    streaks_kept: i64,
    /// Number of streaks that had begun again after the day and were joined with those before it by this call, or would
    /// be.
    streaks_joined: i64,
    /// Number of bonuses paid by this call; 0 for a dry run.
    bonus_awards: i64,
    /// Number of freezes that had covered the day and were given back by this call; 0 for a dry run.
    freezes_given_back: i64,
    /// False if there is more to do: repeat the call.
    complete: bool,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

/// A day of an outage, which ends nobody's streak.
#[derive(SimpleObject)]
struct BridgedDay {
    /// Business day that ends no streak.
    day: Date,
    /// Reason given for it.
    reason: String,
    /// Author who bridged it.
    bridged_by: String,
    /// Time at which it was bridged.
    bridged_at: DateTime,
}

impl From<Bridged> for BridgedDay {
    fn from(bridged: Bridged) -> Self {
        Self {
            day: Date(bridged.day),
            reason: bridged.reason,
            bridged_by: bridged.bridged_by,
            bridged_at: DateTime(bridged.bridged_at),
        }
    }
}
