//! Business days for operators, each with its state and totals.

use std::collections::BTreeMap;

use crate::store::replicas::ReadPool;
use chrono::{DateTime, NaiveDate, Utc};

use super::ServiceError;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::store::day_statistics;
use crate::store::day_statistics::DayState;
pub use crate::store::day_statistics::{DayTotal, Posted};
use crate::store::sign_ins;

/// One business day.
#[derive(Clone, Debug)]
pub struct BusinessDayRecord {
    pub day: NaiveDate,
    /// `None` while the day is open.
    pub closed_at: Option<DateTime<Utc>>,
    pub closed_by_run: Option<i64>,
    /// Number of users who signed in on the day.
    pub sign_ins: i64,
    /// Awards created on the day, by item and coin.
    pub totals: Vec<DayTotal>,
    /// Amounts settled and reversed between the start of the day and the start of the next, by coin.
    pub posted: Vec<Posted>,
}

/// Returns the business days up to a given time, newest first.
pub(super) async fn newest(
    pool: &ReadPool,
    calendar: Calendar,
    now: BusinessTime,
    length: usize,
) -> Result<Vec<BusinessDayRecord>, ServiceError> {
    let mut days: Vec<NaiveDate> = std::iter::successors(Some(now.day), |day| Some(calendar.day_before(*day)))
        .take(length)
        .collect();
    days.reverse();
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let starts: Vec<_> = days.iter().map(|day| calendar.day_starts_at(*day)).collect();
    let mut states: BTreeMap<NaiveDate, DayState> = day_statistics::states(pool, &days)
        .await?
        .into_iter()
        .map(|state| (state.day, state))
        .collect();
    let totals = day_statistics::totals(pool, &days).await?;
    let posted = day_statistics::posted(pool, &starts, calendar.next_day_starts_at(now.at)).await?;
    let numbered = days.into_iter().zip(1..);
    let mut records: Vec<_> = numbered
        .map(|(day, span)| {
            let state = states.remove(&day);
            let totals: Vec<_> = totals.iter().filter(|total| total.day == day).cloned().collect();
            let signed_in = totals.iter().filter(|total| total.item == sign_ins::ITEM);
            BusinessDayRecord {
                day,
                closed_at: state.as_ref().and_then(|state| state.closed_at),
                closed_by_run: state.and_then(|state| state.closed_by_run),
                sign_ins: signed_in.map(|total| total.award_count).sum(),
                totals,
                posted: posted.iter().filter(|posted| posted.span == span).cloned().collect(),
            }
        })
        .collect();
    records.reverse();
    Ok(records)
}
