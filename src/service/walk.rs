//! Sweeps over rows of one kind: batch by batch in key order, with counts.

use std::collections::BTreeMap;

use crate::store::bounded::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::JobContext;
use crate::store::walk::BatchResult;

/// Rows of one kind and their processing.
pub(super) trait Walk: Sync {
    type Key: Send;

    /// Processes at most `limit` rows after a key, or the first rows if there is no key.
    fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<Self::Key>,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<BatchResult<Self::Key>>> + Send;
}

/// The report of a sweep; also the progress of an unfinished run: the number of changed rows by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts(BTreeMap<String, i64>);

impl Counts {
    /// Restores the counts saved by earlier attempts of the same run.
    ///
    /// # Errors
    /// If the saved progress is malformed.
    pub fn resume(progress: Option<&Value>) -> anyhow::Result<Self> {
        Ok(progress.map(Self::deserialize).transpose()?.unwrap_or_default())
    }

    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("counts are plain data")
    }
}

/// Sweeps all rows of a kind and counts the changed ones under its name; returns false if asked to stop before the end.
///
/// Each attempt begins the sweep anew: rows changed by an earlier attempt are not found again.
pub(super) async fn walk<W: Walk>(job: &JobContext, counts: &mut Counts, kind: &str, rows: &W) -> anyhow::Result<bool> {
    let mut after = None;
    loop {
        if job.is_stopping() {
            return Ok(false);
        }
        let mut batch = job.begin_batch().await?;
        let walked = rows.batch(&mut batch, after, job.batch_size.into()).await?;
        *counts.0.entry(kind.to_owned()).or_default() += walked.changed;
        job.commit_batch(batch, &counts.to_json()).await?;
        if walked.next.is_none() {
            return Ok(true);
        }
        after = walked.next;
    }
}
