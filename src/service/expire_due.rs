//! Expiry of campaigns after their window, and deletion of session keys long after their end.
//!
//! No request depends on this sweep, since requests compare the times themselves. It updates the stored state for
//! people and statements that look only at the state, and prevents old keys from accumulating.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, TimeDelta, Utc};

use super::walk::{Counts, Walk, walk};
use crate::service::job::{JobContext, JobEnd};
use crate::store::reservations::campaigns;
use crate::store::sessions::{self, EndedKey};
use crate::store::walk::BatchResult;
use crate::store::words;

/// Retention of ended keys. They are rejected from the moment they end; they are kept for a month so that support can
/// explain a sign-out, and so that a host application that registers its own ended key again gets the specific
/// rejection.
const ENDED_KEYS_KEPT: TimeDelta = TimeDelta::days(30);

/// Ends everything that is over at the current time. The report has counts by kind.
///
/// # Errors
/// If the lease is lost or the database fails.
pub async fn expire_due(job: JobContext) -> anyhow::Result<JobEnd> {
    let now = job.clock.now();
    let mut counts = Counts::resume(job.progress.as_ref())?;
    let all = walk(
        &job,
        &mut counts,
        "reservation_campaigns",
        &ReservationCampaigns { now },
    )
    .await?
        && walk(&job, &mut counts, "word_campaigns", &WordCampaigns { now }).await?
        && walk(&job, &mut counts, "session_keys", &SessionKeys { now }).await?;
    Ok(if all {
        JobEnd::Done(counts.to_json())
    } else {
        JobEnd::Interrupted
    })
}

/// Reservation campaigns, closed once their window is over.
struct ReservationCampaigns {
    now: DateTime<Utc>,
}

impl Walk for ReservationCampaigns {
    type Key = i64;

    async fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<i64>,
        limit: i64,
    ) -> sqlx::Result<BatchResult<i64>> {
        campaigns::close_ended(connection, after, self.now, limit).await
    }
}

/// Word campaigns, ended once their window is over.
struct WordCampaigns {
    now: DateTime<Utc>,
}

impl Walk for WordCampaigns {
    type Key = i64;

    async fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<i64>,
        limit: i64,
    ) -> sqlx::Result<BatchResult<i64>> {
        words::end_over(connection, after, self.now, limit).await
    }
}

/// Session keys, deleted [`ENDED_KEYS_KEPT`] after their end.
struct SessionKeys {
    now: DateTime<Utc>,
}

impl Walk for SessionKeys {
    type Key = EndedKey;

    async fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<EndedKey>,
        limit: i64,
    ) -> sqlx::Result<BatchResult<EndedKey>> {
        sessions::delete_ended(connection, after, self.now - ENDED_KEYS_KEPT, limit).await
    }
}
