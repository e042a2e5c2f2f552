//! `subscribe_counts`: how many have reserved.

use serde::Serialize;

use crate::http::legacy::call::{Call, Failure};
use crate::http::legacy::status::Status;
use crate::service::count_reservations::count_reservations;

#[derive(Serialize)]
pub struct Count {
    num: i32,
}

/// Of the campaign that `key` names, else of the one that is marked for clients that know no keys. Needs no session.
pub async fn subscribe_counts(call: &Call<'_>) -> Result<Count, Failure> {
    let count = count_reservations(&call.backend.pool, call.optional("key")?).await?;
    let num = count.ok_or(Status::ReservationUnknown)?;
    Ok(Count { num })
}
