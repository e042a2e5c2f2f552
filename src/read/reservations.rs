//! Reservation campaigns by their keys.

use std::collections::HashMap;

use sqlx::PgPool;

use super::error::ReadError;
use crate::domain::id::UserId;
use crate::store::reservations::{CampaignView, find_all};

/// The campaigns of these keys, with the viewer's places in them, in one statement. Keys in their normal form; what is not in
/// the answer does not exist.
pub async fn reservations(
    pool: &PgPool,
    viewer: Option<UserId>,
    keys: &[String],
) -> Result<HashMap<String, CampaignView>, ReadError> {
    let views = find_all(pool, viewer, keys).await?;
    Ok(views
        .into_iter()
        .map(|view| (view.campaign.key.clone(), view))
        .collect())
}
