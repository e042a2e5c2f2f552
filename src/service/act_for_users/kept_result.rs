//! Results as they are stored with the idempotency keys of their acts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ActResult;
use crate::domain::act::ActRejection;
use crate::domain::award::Award;
use crate::domain::id::{AwardId, UserId};
use crate::service::ServiceError;
use crate::store::awards;
use crate::store::bounded::PgConnection;
use crate::store::task_requests::EarlierReport;

/// Stored result of the first report. Rejections by the state of the user and of campaigns are stored as well: the same
/// report gets the same result, even after midnight. A report that is invalid, or too late, is not stored: it may be
/// corrected and sent again.
#[derive(Debug, Serialize, Deserialize)]
struct KeptResult {
    /// IDs of the awards.
    awards: Vec<i64>,
    rejection: Option<ActRejection>,
}

/// Returns the form in which a result is stored.
pub(super) fn to_stored(result: &ActResult) -> Value {
    let kept = KeptResult {
        awards: result.awards.iter().map(|award| award.id.0).collect(),
        rejection: result.rejection,
    };
    serde_json::to_value(kept).expect("a stored result is plain JSON")
}

/// An earlier report whose result is returned again.
#[derive(Debug)]
pub(super) struct Repeated {
    user: UserId,
    kept: KeptResult,
    repeated: bool,
}

impl Repeated {
    /// Compares a report with the earlier one of the same key; `None` if their contents differ. With `may_be_done`, an
    /// attempt of the same call whose result was lost may have stored it.
    ///
    /// # Errors
    /// If the stored result is not known.
    pub fn of(
        user: UserId,
        hash: &[u8; 32],
        earlier: EarlierReport,
        may_be_done: bool,
    ) -> Result<Option<Self>, ServiceError> {
        if earlier.content_hash != hash {
            return Ok(None);
        }
        let kept = serde_json::from_value(earlier.result)
            .map_err(|_| ServiceError::InconsistentData("a stored result of an act is unknown to this version"))?;
        Ok(Some(Self {
            user,
            kept,
            repeated: !(may_be_done && earlier.is_of_instant),
        }))
    }
}

/// Returns the stored results with their awards, in the order of `repeated`.
///
/// # Errors
/// If the database fails, or an award is missing.
pub(super) async fn results(
    connection: &mut PgConnection,
    repeated: &[Repeated],
) -> Result<Vec<ActResult>, ServiceError> {
    let ids: Vec<(UserId, AwardId)> = repeated
        .iter()
        .flat_map(|earlier| earlier.kept.awards.iter().map(|id| (earlier.user, AwardId(*id))))
        .collect();
    let mut found: Vec<Award> = Vec::new();
    if !ids.is_empty() {
        found = awards::find_all(connection, &ids).await?;
    }
    let by_id: std::collections::HashMap<AwardId, Award> = found.into_iter().map(|award| (award.id, award)).collect();
    let result = |earlier: &Repeated| {
        let awards = earlier.kept.awards.iter().map(|id| by_id.get(&AwardId(*id)).cloned());
        Ok(ActResult {
            awards: awards
                .collect::<Option<_>>()
                .ok_or(ServiceError::InconsistentData("an act has no award"))?,
            repeated: earlier.repeated,
            rejection: earlier.kept.rejection,
        })
    };
    repeated.iter().map(result).collect()
}
