//! Business days: service clock, closing state, and awards created and settled per day.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::awards::list_length;
use super::context::AdminContext;
use crate::domain::api_key::Scope;
use crate::graphql::NullableField;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::loaders::ops::{BusinessDayRecord, DayTotal as Total, Posted};

#[derive(Default)]
pub(super) struct DayQueries;

#[Object]
impl DayQueries {
    /// Returns the current time and the time zone of business days. Needs no scope.
    async fn clock(&self, ctx: &Context<'_>) -> Option<Clock> {
        let context = AdminContext::of(ctx);
        Some(Clock {
            server_time: DateTime(context.moment.at),
            business_day: Date(context.moment.day),
            time_zone: context.calendar.time_zone.name(),
        })
    }

    /// Returns business days, newest first, with their closing state and totals. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn business_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 30)] first: i32,
    ) -> NullableField<Vec<BusinessDay>> {
        Some(business_days(ctx, first).await)
    }
}

async fn business_days(ctx: &Context<'_>, first: i32) -> Result<Vec<BusinessDay>> {
    let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
    let length = usize::try_from(list_length(first)?).unwrap_or(0);
    let days = context
        .ops
        .business_days(context.calendar, context.moment, length)
        .await;
    days.map(|days| days.into_iter().map(BusinessDay::from).collect())
        .map_err(Into::into)
}

/// Current time and business day. All users share one time zone.
#[derive(SimpleObject)]
struct Clock {
    /// Time at which this request was received.
    server_time: DateTime,
    /// Business day of `serverTime`.
    business_day: Date,
    /// IANA time zone that defines the business days, such as `Asia/Shanghai`.
    time_zone: &'static str,
}

/// Closing state of a business day: only an open day accepts new awards.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum BusinessDayState {
    /// The day is in progress, or has ended and is not closed yet.
    Open,
    /// The totals are final.
    Closed,
}

/// A business day with its closing state and totals.
#[derive(SimpleObject)]
struct BusinessDay {
    /// Calendar date of the business day.
    day: Date,
    /// Closing state of the day.
    state: BusinessDayState,
    /// Time of closing; null while the day is open.
    closed_at: Option<DateTime>,
    /// ID of the `close_day` run that closed the day.
    closed_by_run: Option<ID>,
    /// Number of users who signed in on that day.
    sign_ins: i64,
    /// Awards created for the day, regardless of their current status, by item and coin.
    totals: Vec<DayTotal>,
    /// Awards settled and reversed during the day, regardless of the day they count towards, by coin.
    settlements: Vec<DaySettlement>,
}

/// Total of a day's awards for one item and coin.
#[derive(SimpleObject)]
struct DayTotal {
    /// Item of the rule catalogue.
    item: String,
    /// Host application's coin ID.
    coin_id: String,
    /// Number of awards created.
    awards: i64,
    /// Total amount of the awards.
    amount: Decimal,
}

/// Settlements and reversals of a day in one coin.
#[derive(SimpleObject)]
struct DaySettlement {
    /// Host application's coin ID.
    coin_id: String,
    /// Number of awards settled.
    settled: i64,
    /// Total amount settled.
    settled_amount: Decimal,
    /// Number of awards reversed.
    reversed: i64,
    /// Total amount reversed, as a positive number.
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
