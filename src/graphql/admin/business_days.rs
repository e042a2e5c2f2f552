//! Business days: the service's time, which days are closed, and what was made and settled on each.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::awards::list_length;
use super::scope::AdminContext;
use crate::domain::api_key::Scope;
use crate::graphql::NullableField;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::loaders::ops::{BusinessDayRecord, DayTotal as Total, Posted};

#[derive(Default)]
pub(super) struct DayQueries;

#[Object]
impl DayQueries {
    /// The service's time, and the zone of its business days. Needs no scope.
    async fn clock(&self, ctx: &Context<'_>) -> Option<Clock> {
        let scope = AdminContext::of(ctx);
        Some(Clock {
            server_time: DateTime(scope.moment.at),
            business_day: Date(scope.moment.day),
            time_zone: scope.calendar.time_zone.name(),
        })
    }

    /// Business days, today first: whether they are closed, and what was made and settled on each. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn business_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to 100.", default = 30)] first: i32,
    ) -> NullableField<Vec<BusinessDay>> {
        Some(business_days(ctx, first).await)
    }
}

async fn business_days(ctx: &Context<'_>, first: i32) -> Result<Vec<BusinessDay>> {
    let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
    let length = usize::try_from(list_length(first)?).unwrap_or(0);
    let days = scope.ops.business_days(scope.calendar, scope.moment, length).await;
    days.map(|days| days.into_iter().map(BusinessDay::from).collect())
        .map_err(|error| scope.read_failed(&error))
}

/// The service's time: one time zone and one business day for everybody.
#[derive(SimpleObject)]
struct Clock {
    /// When this request was taken in.
    server_time: DateTime,
    /// The business day that `serverTime` belongs to.
    business_day: Date,
    /// The IANA name of the time zone whose calendar days are the business days, such as `Asia/Shanghai`.
    time_zone: &'static str,
}

/// Whether a business day takes more awards.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum BusinessDayState {
    /// It goes on, or is over and was not closed yet.
    Open,
    /// Its totals are written down and never change.
    Closed,
}

/// A business day: whether it is closed, and what was earned on it.
#[derive(SimpleObject)]
struct BusinessDay {
    /// Which one.
    day: Date,
    /// Whether it is closed.
    state: BusinessDayState,
    /// When it was closed; null while it is open.
    closed_at: Option<DateTime>,
    /// The run of `close_day` that closed it.
    closed_by_run: Option<ID>,
    /// How many users signed in on it.
    sign_ins: i64,
    /// The awards that were made on it, whatever became of them since, by item and coin.
    totals: Vec<DayTotal>,
    /// What was settled and reversed while it lasted, whichever day the awards are of, by coin.
    settlements: Vec<DaySettlement>,
}

/// The awards that were made on a day of one item in one coin.
#[derive(SimpleObject)]
struct DayTotal {
    /// What they were earned by: an item of the rule catalogue.
    item: String,
    /// The coin, by the host's own id.
    coin_id: String,
    /// How many awards.
    awards: i64,
    /// Their amounts together.
    amount: Decimal,
}

/// What was settled and reversed on a day in one coin.
#[derive(SimpleObject)]
struct DaySettlement {
    /// The coin, by the host's own id.
    coin_id: String,
    /// How many awards were settled.
    settled: i64,
    /// Their amounts together.
    settled_amount: Decimal,
    /// How many awards were reversed.
    reversed: i64,
    /// Their amounts together, as a number above zero.
    reversed_amount: Decimal,
}

impl From<BusinessDayRecord> for BusinessDay {
    fn from(record: BusinessDayRecord) -> Self {
        Self {
            day: Date(record.day),
            state: match record.closed_at {
                Some(_) => BusinessDayState::Closed,
                None => BusinessDayState::Open,
            },
            closed_at: record.closed_at.map(DateTime),
            closed_by_run: record.closed_by_run.map(|run| ID(run.to_string())),
            sign_ins: record.sign_ins,
            totals: record.totals.into_iter().map(DayTotal::from).collect(),
            settlements: record.posted.into_iter().map(DaySettlement::from).collect(),
        }
    }
}

impl From<Total> for DayTotal {
    fn from(total: Total) -> Self {
        Self {
            item: total.item,
            coin_id: total.coin_id,
            awards: total.award_count,
            amount: Decimal(total.amount),
        }
    }
}

impl From<Posted> for DaySettlement {
    fn from(posted: Posted) -> Self {
        Self {
            coin_id: posted.coin_id,
            settled: posted.settled_count,
            settled_amount: Decimal(posted.settled_amount),
            reversed: posted.reversed_count,
            reversed_amount: Decimal(posted.reversed_amount),
        }
    }
}
