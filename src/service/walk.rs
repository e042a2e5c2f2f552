//! How a sweep goes through rows of one kind: batch by batch from key to key, counting as it goes.

use std::collections::BTreeMap;

use crate::store::bounded::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::JobContext;
use crate::store::walk::BatchResult;

/// One kind of rows, and what is done to them.
pub(super) trait Walk: Sync {
    type Key: Send;

    /// Works on at most `limit` rows after a key; on the first ones where none is given.
    fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<Self::Key>,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<BatchResult<Self::Key>>> + Send;
}

/// The report of a sweep, also the progress of a run that is not over: how many rows of each kind it changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts(BTreeMap<String, i64>);

impl Counts {
    /// Goes on from what earlier attempts of the same run saved.
    pub fn resume(progress: Option<&Value>) -> anyhow::Result<Self> {
        Ok(progress.map(Self::deserialize).transpose()?.unwrap_or_default())
    }

    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("counts are plain data")
    }
}

/// Walks all rows of a kind and counts the changed ones under its name; `false` when asked to stop before the end.
///
/// An attempt begins each walk anew: what an earlier one changed is not found again.
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
