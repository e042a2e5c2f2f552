//! Taking awards back, or letting settlement try them again: one award or a selection, with a reason, once.

use crate::store::bounded::PgPool;

use super::ServiceError;
use crate::domain::audit::Author;
use crate::domain::correction::{AwardSelection, Correction, CorrectionRejection, MAX_CORRECTED};
use crate::store::corrections;
pub use crate::store::corrections::CorrectedGroup;
use crate::store::transaction::retrying;

/// Whether a correction is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Commit,
    /// All of it is done and rolled back: what would be changed is known exactly.
    DryRun,
}

/// Corrects the selected awards. Again, it finds them corrected and changes nothing.
pub async fn correct_awards(
    pool: &PgPool,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
    mode: Mode,
) -> Result<Result<Vec<CorrectedGroup>, CorrectionRejection>, ServiceError> {
    if let Err(refusal) = selection.check(reason) {
        return Ok(Err(refusal));
    }
    if corrections::count(pool, selection, MAX_CORRECTED + 1).await? > MAX_CORRECTED {
        return Ok(Err(CorrectionRejection::TooManyAwards));
    }
    Ok(Ok(retrying!(correct_in_transaction(
        pool, correction, selection, reason, author, mode
    ))?))
}

async fn correct_in_transaction(
    pool: &PgPool,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
    mode: Mode,
) -> Result<Vec<CorrectedGroup>, ServiceError> {
    let mut transaction = pool.begin().await?;
    let groups = corrections::correct(&mut transaction, correction, selection, reason, author).await?;
    match mode {
        Mode::Commit => transaction.commit().await?,
        Mode::DryRun => transaction.rollback().await?,
    }
    Ok(groups)
}
