//! The service's time.

use async_graphql::SimpleObject;

use crate::graphql::RequestContext;
use crate::graphql::scalars::{Date, DateTime};

/// The service's time: one time zone and one business day for everybody.
#[derive(SimpleObject)]
pub(super) struct Clock {
    /// When this request was taken in. Compare it with the device's clock before counting down to another time.
    server_time: DateTime,
    /// The business day that `serverTime` belongs to: what "today" means everywhere else.
    business_day: Date,
    /// The IANA name of the time zone whose calendar days are the business days, such as `Asia/Shanghai`.
    time_zone: &'static str,
    /// When the next business day begins and daily tasks can be done again.
    next_day_at: DateTime,
}

impl Clock {
    pub fn of(scope: &RequestContext) -> Self {
        Self {
            server_time: DateTime(scope.moment.at),
            business_day: Date(scope.moment.day),
            time_zone: scope.calendar.time_zone.name(),
            next_day_at: DateTime(scope.next_day_at()),
        }
    }
}
