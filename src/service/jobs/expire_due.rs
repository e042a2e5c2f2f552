//! Expiry of campaigns after their window, and deletion of session keys long after their end.
//!
//! No request depends on this sweep, since requests compare the times themselves. It updates the stored state for
//! people and statements that look only at the state, and prevents old keys from accumulating.

use chrono::TimeDelta;

use super::sweep::{Counts, sweep};
use super::{Job, JobContext};
use crate::store::reservations::campaigns;
use crate::store::{sessions, words};

/// Retention of ended keys. They are rejected from the moment they end; they are kept for a month so that support can
/// explain a sign-out, and so that a host application that registers its own ended key again gets the specific
/// rejection.
const ENDED_KEYS_KEPT: TimeDelta = TimeDelta::days(30);

/// Ends everything that is over at the current time. The report has counts by kind.
pub struct ExpireDue;

impl Job for ExpireDue {
    const NAME: &'static str = "expire_due";
    const MANIFEST: &'static str = include_str!("../../../jobs/expire_due.toml");

    type Report = Counts;

    async fn run(&self, job: &JobContext, counts: &mut Counts) -> anyhow::Result<()> {
        let now = job.clock.now();
        sweep(job, counts, "reservation_campaigns", |connection, after, limit| {
            Box::pin(campaigns::close_ended(connection, after, now, limit))
        })
        .await?;
        sweep(job, counts, "word_campaigns", |connection, after, limit| {
            Box::pin(words::end_over(connection, after, now, limit))
        })
        .await?;
        sweep(job, counts, "session_keys", |connection, after, limit| {
            Box::pin(sessions::delete_ended(connection, after, now - ENDED_KEYS_KEPT, limit))
        })
        .await
    }

    fn had_effect(counts: &Counts) -> bool {
        counts.had_effect()
    }

    fn summary(counts: &Counts) -> Vec<String> {
        counts.summary(&[
            ("reservation_campaigns", "closed", "reservation campaign"),
            ("word_campaigns", "ended", "word campaign"),
            ("session_keys", "deleted", "ended session key"),
        ])
    }
}
