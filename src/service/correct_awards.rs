//! Corrections of awards: voiding, reversing, or retrying the settlement of one award or a selection, with a reason.

use crate::store::bounded::PgPool;

use super::{Failure, ServiceError};
use crate::domain::audit::Author;
use crate::domain::correction::{AwardSelection, Correction, CorrectionRejection, MAX_CORRECTED};
use crate::store::award_changes::notify;
use crate::store::corrections;
pub use crate::store::corrections::CorrectedGroup;
use crate::store::transaction::retrying;

/// Mode of a correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Commit,
    /// The changes are made and rolled back, so that the result is exact.
    DryRun,
}

/// Corrects the selected awards. Idempotent: awards that are already corrected are not changed.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn correct_awards(
    pool: &PgPool,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
    mode: Mode,
) -> Result<Vec<CorrectedGroup>, Failure<CorrectionRejection>> {
    selection.check(reason)?;
    if corrections::count(pool, selection, MAX_CORRECTED + 1).await? > MAX_CORRECTED {
        return Err(CorrectionRejection::TooManyAwards.into());
    }
    let corrected = retrying!(correct_in_transaction(
        pool, correction, selection, reason, author, mode
    ));
    Ok(corrected?)
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
        Mode::Commit => {
            transaction.commit().await?;
            notify(pool).await;
        }
        Mode::DryRun => transaction.rollback().await?,
    }
    Ok(groups)
}
