//! How many have reserved, for the legacy method `customer/subscribe_counts`.

use crate::store::bounded::PgPool;

use super::ServiceError;
use crate::domain::reservation::normalise_key;
use crate::store::reservations;

/// The count of the campaign of this key, or without a key of the legacy default. `None`: there is no such campaign (221).
pub async fn count_reservations(pool: &PgPool, key: Option<&str>) -> Result<Option<i32>, ServiceError> {
    let key = match key.map(normalise_key) {
        Some(None) => return Ok(None),
        Some(Some(key)) => Some(key),
        None => None,
    };
    Ok(reservations::count(pool, key.as_deref()).await?)
}
