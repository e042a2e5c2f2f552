//! Number of reservations of a campaign, for the legacy method `customer/subscribe_counts`.

use sqlx::PgExecutor;

use super::ServiceError;
use crate::domain::reservation::normalise_key;
use crate::store::reservations;

/// Returns the number of reservations in the campaign of this key, or, without a key, in the legacy default. `None` if
/// there is no such campaign (status 221).
///
/// # Errors
/// If the database fails.
pub async fn count_reservations(
    connection: impl PgExecutor<'_>,
    key: Option<&str>,
) -> Result<Option<i32>, ServiceError> {
    let key = match key.map(normalise_key) {
        Some(None) => return Ok(None),
        Some(Some(key)) => Some(key),
        None => None,
    };
    Ok(reservations::count(connection, key.as_deref()).await?)
}
