//! Sweeps over rows of one kind: batch by batch in key order, with counts.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::context::JobContext;
use crate::domain::number::{counted, grouped};
use crate::store::bounded::PgConnection;
use crate::store::walk::BatchResult;

/// The report of a sweep: the number of changed rows by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(BTreeMap<String, i64>);

impl Counts {
    pub fn had_effect(&self) -> bool {
        self.0.values().any(|count| *count > 0)
    }

    /// Returns a summary of the nonzero counts: kinds in `known` with their verb and noun, all others with their names.
    pub fn summary(&self, known: &[(&str, &str, &str)]) -> Vec<String> {
        let nonzero = || self.0.iter().filter(|(_, count)| **count != 0);
        let named = known.iter().filter_map(|(kind, verb, noun)| {
            let (_, count) = nonzero().find(|(name, _)| name == kind)?;
            Some(format!("{verb} {}", counted(*count, noun)))
        });
        let others = nonzero().filter(|(name, _)| known.iter().all(|(kind, ..)| name != kind));
        let others = others.map(|(name, count)| format!("{}: {}", name.replace('_', " "), grouped(*count)));
        named.chain(others).collect()
    }
}

/// Sweeps all rows of a kind and counts the changed ones. `batch` processes at most a number of rows after a key, or
/// the first rows if there is no key.
///
/// Each attempt begins the sweep anew: rows changed by an earlier attempt are not found again.
pub async fn sweep<K: Send>(
    job: &JobContext,
    counts: &mut Counts,
    kind: &str,
    batch: impl Fn(&mut PgConnection, Option<K>, i64) -> BoxFuture<'_, sqlx::Result<BatchResult<K>>> + Sync,
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        job.stop_if_asked()?;
        let mut transaction = job.begin_batch().await?;
        let swept = batch(&mut transaction, after, job.batch_size.into()).await?;
        *counts.0.entry(kind.to_owned()).or_default() += swept.changed;
        job.commit_batch(transaction, counts).await?;
        if swept.next.is_none() {
            return Ok(());
        }
        after = swept.next;
    }
}
