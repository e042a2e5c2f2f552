//! Ending what is over: campaigns past their window, and session keys that nobody can use any more.
//!
//! A sweep, and nobody waits for it: requests compare the times themselves. It makes the tables say the same, so that
//! people and statements that look only at a state see the truth, and keeps old keys from piling up.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, TimeDelta, Utc};

use super::walk::{Counts, Walk, walk};
use crate::service::job::{JobContext, JobEnd};
use crate::store::reservations::campaigns;
use crate::store::sessions::{self, EndedKey};
use crate::store::walk::BatchResult;
use crate::store::words;

/// Keys are refused from the moment they end. They are kept a month longer, for the support desk that is asked why somebody
/// was signed out, and so that the host that sends an ended key of its own again is told so.
const ENDED_KEYS_KEPT: TimeDelta = TimeDelta::days(30);

/// Ends all that is over at the clock's time. The report counts by kind.
///
/// # Errors
/// When the lease is lost or the database fails.
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

/// Closed once their window is over.
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

/// Ended once their window is over.
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

/// Deleted a while after their end.
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
