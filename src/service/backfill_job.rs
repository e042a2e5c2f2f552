//! Back-fills of a range of business days: one run per day, oldest first, in sequence.
//!
//! The days are queued in the run ledger, so a back-fill outlives the process that requested it and is cancelled like
//! any run. Requesting the same range again queues the days that failed or were cancelled. Scheduled runs of the job
//! take precedence.

use crate::store::bounded::PgPool;
use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::{Failure, ServiceError};
use crate::domain::audit::{Author, Change};
use crate::domain::rejection::job::JobRejection;
use crate::store::audit_log;
use crate::store::job_runs::due;
use crate::store::job_runs::listing::{self, RunRow};
use crate::store::job_runs::requests::{BackfillRuns, insert_backfill};
use crate::store::transaction::retrying;

/// Maximum number of days in a back-fill: one year and one day.
pub const MAX_DAYS: i64 = 366;

/// Request of a back-fill; both days are included.
#[derive(Clone, Copy, Debug)]
pub struct BackfillRequest<'a> {
    /// Name of a day job of this program.
    pub job: &'a str,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The latest business day that is over.
    pub last_over: NaiveDate,
    pub reason: Option<&'a str>,
}

/// Result of a back-fill request: the number of queued days, and the runs of all days.
#[derive(Clone, Debug)]
pub struct Backfill {
    /// Number of days queued by this request; the others were queued or done before.
    pub queued: u64,
    /// The latest run of each day, by day.
    pub runs: Vec<RunRow>,
}

/// Queues the days of a back-fill that are neither queued nor done.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn backfill_job(
    pool: &PgPool,
    request: &BackfillRequest<'_>,
    author: &Author,
) -> Result<Backfill, Failure<JobRejection>> {
    request.check()?;
    let key = Uuid::new_v4().to_string();
    retrying!(queue_in_transaction(pool, request, &key, author)).map_err(Failure::from)
}

impl BackfillRequest<'_> {
    /// Checks the order, the length and the end of the range.
    ///
    /// # Errors
    /// The first reason why it cannot be queued.
    pub fn check(&self) -> Result<(), JobRejection> {
        let days = (self.to - self.from).num_days() + 1;
        match days {
            ..1 => Err(JobRejection::RangeBackwards),
            _ if days > MAX_DAYS => Err(JobRejection::RangeTooLong { days }),
            _ if self.to > self.last_over => Err(JobRejection::RangeNotOver { day: self.last_over }),
            _ => Ok(()),
        }
    }
}

async fn queue_in_transaction(
    pool: &PgPool,
    request: &BackfillRequest<'_>,
    key: &str,
    author: &Author,
) -> Result<Backfill, ServiceError> {
    let mut transaction = pool.begin().await?;
    due::register(&mut *transaction, request.job, author.at).await?;
    let queued = insert_backfill(
        &mut *transaction,
        &BackfillRuns {
            job: request.job,
            from: request.from,
            to: request.to,
            request: key,
            requested_by: &author.name,
            reason: request.reason,
            at: author.at,
        },
    )
    .await?;
    if queued > 0 {
        let change = Change {
            action: "backfill_job",
            subject: format!("job:{}", request.job),
            user_id: None,
            reason: request.reason.map(str::to_owned),
            before: None,
            after: Some(json!({ "from": request.from, "to": request.to, "queued": queued })),
        };
        audit_log::record(&mut transaction, author, &[change]).await?;
    }
    let runs = listing::of_backfill(&mut *transaction, request.job, request.from, request.to).await?;
    transaction.commit().await?;
    Ok(Backfill { queued, runs })
}
