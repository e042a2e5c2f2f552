//! `subscribe_counts`: number of reservations.

use serde::Serialize;

use crate::http::legacy::call::{Call, Failure};
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
/// [`Status::ReservationUnknown`] if there is no such campaign, [`Status::BadParameters`] if `key` cannot be decoded.
pub async fn subscribe_counts(call: &Call<'_>) -> Result<Count, Failure> {
    let count = count_reservations(&call.state.pools.api, call.optional("key")?).await?;
    let num = count.ok_or(Status::ReservationUnknown)?;
    Ok(Count { num })
}
