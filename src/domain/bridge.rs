//! Bridging a day: after an outage, nobody's streak ends because of it.

use chrono::NaiveDate;

use super::correction::is_valid_reason;
use super::rejection::change::ChangeRejection;
use super::rejection::rejections;

/// Number of days back that can be bridged.
pub const MAX_BRIDGE_AGE: i64 = 366;

rejections! {
    /// Reason why a day was not bridged.
    #[derive(Copy)]
    pub enum BridgeRejection {
        /// The day has not begun.
        InTheFuture => "BRIDGE_IN_THE_FUTURE",
            "A day can be bridged once it has begun. Choose today or a past day.",
            "只能补偿今天或过去的日期。";
        /// The day is too long ago.
        TooOld => "BRIDGE_TOO_OLD",
            format!("Only the last {MAX_BRIDGE_AGE} days can be bridged. Check the year."),
            format!("只能补偿最近 {MAX_BRIDGE_AGE} 天，请检查年份。");
    }
    with { Change(ChangeRejection) }
}

/// Checks a request to bridge a day.
///
/// # Errors
/// The first reason against it.
pub fn check(day: NaiveDate, reason: &str, today: NaiveDate) -> Result<(), BridgeRejection> {
    if !is_valid_reason(reason) {
        return Err(ChangeRejection::ReasonInvalid.into());
    }
    if day > today {
        return Err(BridgeRejection::InTheFuture);
    }
    match (today - day).num_days() > MAX_BRIDGE_AGE {
        true => Err(BridgeRejection::TooOld),
        false => Ok(()),
    }
}
