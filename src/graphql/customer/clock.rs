//! Server time and business day.

use async_graphql::SimpleObject;

use crate::graphql::RequestContext;
use crate::graphql::scalars::{Date, DateTime};

/// Server time and business day. All users share one time zone.
#[derive(SimpleObject)]
pub(super) struct Clock {
    /// Time at which this request was received. Compare it with the device's clock before counting down to another
    /// time.
    server_time: DateTime,
    /// Business day of `serverTime`; all other fields use it as "today".
    business_day: Date,
    /// IANA time zone that defines the business days, such as `Asia/Shanghai`.
    time_zone: &'static str,
    /// Start of the next business day, when daily tasks can be done again.
    next_day_at: DateTime,
}

impl Clock {
    pub fn of(context: &RequestContext) -> Self {
        Self {
            server_time: DateTime(context.moment.at),
            business_day: Date(context.moment.day),
            time_zone: context.state.calendar.time_zone.name(),
            next_day_at: DateTime(context.next_day_at()),
        }
    }
}
