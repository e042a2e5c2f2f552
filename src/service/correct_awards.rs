//! Taking awards back, or letting settlement try them again: one award or a selection, with a reason, once.

use crate::store::bounded::PgPool;

use super::ServiceError;
use crate::domain::audit::Author;
use crate::domain::correction::{AwardSelection, Correction, CorrectionRefusal, MAX_CORRECTED};
use crate::store::corrections;
pub use crate::store::corrections::CorrectedGroup;
use crate::store::transaction::retrying;

/// Whether a correction is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Kept,
    /// All of it is done and rolled back: what would be changed is known exactly.
    Tried,
}

/// Corrects the selected awards. Again, it finds them corrected and changes nothing.
pub async fn correct_awards(
    pool: &PgPool,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
    effect: Effect,
) -> Result<Result<Vec<CorrectedGroup>, CorrectionRefusal>, ServiceError> {
    if let Err(refusal) = selection.check(reason) {
        return Ok(Err(refusal));
    }
    if corrections::count(pool, selection, MAX_CORRECTED + 1).await? > MAX_CORRECTED {
        return Ok(Err(CorrectionRefusal::TooManyAwards));
    }
    Ok(Ok(retrying!(correct_in_transaction(
        pool, correction, selection, reason, author, effect
    ))?))
}

async fn correct_in_transaction(
    pool: &PgPool,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
    effect: Effect,
) -> Result<Vec<CorrectedGroup>, ServiceError> {
    let mut transaction = pool.begin().await?;
    let groups = corrections::correct(&mut transaction, correction, selection, reason, author).await?;
    match effect {
        Effect::Kept => transaction.commit().await?,
        Effect::Tried => transaction.rollback().await?,
    }
    Ok(groups)
}
