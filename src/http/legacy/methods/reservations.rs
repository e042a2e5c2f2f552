//! `subscribe_counts`: number of reservations.

use serde::Serialize;

use crate::domain::reservation::ReservationRejection;
use crate::http::legacy::call::{Call, CallError};
use crate::http::legacy::status::Status;
use crate::service::count_reservations::count_reservations;

#[derive(Serialize)]
pub struct Count {
    num: i32,
}

/// Returns the count of the campaign named by `key`, else of the campaign marked for clients without keys. Requires no
/// session.
///
/// # Errors
/// [`ReservationRejection::Unknown`] if there is no such campaign, [`Status::BadParameters`] if `key` cannot be decoded.
pub async fn subscribe_counts(call: &Call<'_>) -> Result<Count, CallError> {
    let count = count_reservations(&call.state.pools.customer_reads, call.optional("key")?).await?;
    let num = count.ok_or(Status::of(&ReservationRejection::Unknown))?;
    Ok(Count { num })
}
