//! Back-filling a range of business days: a run for each, oldest first, one after the other.
//!
//! The days stand in the run ledger, so a back-fill outlives the process that requested it, is cancelled like any run, and asking for
//! the same range again goes on with the days that failed or were cancelled. Scheduled runs of the job go first.

use crate::store::bounded::PgPool;
use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::ServiceError;
use crate::domain::audit::{Author, Change};
use crate::store::audit_log;
use crate::store::job_runs::due;
use crate::store::job_runs::listing::{self, RunRow};
use crate::store::job_runs::requests::{BackfillRuns, insert_backfill};
use crate::store::transaction::retrying;

/// The most days of one back-fill: a year and a day.
pub const MAX_DAYS: i64 = 366;

/// A back-fill as it is asked for: both days belong to it.
#[derive(Clone, Copy, Debug)]
pub struct BackfillRequest<'a> {
    /// A day job of this program.
    pub job: &'a str,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The business day that ended last.
    pub last_over: NaiveDate,
    pub reason: Option<&'a str>,
}

/// Why a range of days is none that can be back-filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackfillRejection {
    #[error("the range ends before it begins: write the earlier day first")]
    Backwards,
    #[error("the range has {days} days and {MAX_DAYS} are the most: ask for parts of it")]
    TooLong { days: i64 },
    #[error("the business day {last_over} is the last that is over: the range cannot go further")]
    NotOver { last_over: NaiveDate },
}

/// What a back-fill has queued, and the runs of all its days.
#[derive(Clone, Debug)]
pub struct Backfill {
    /// Days that this request queued; the others were queued or done by an earlier one.
    pub queued: u64,
    /// The newest run of each day, by day.
    pub runs: Vec<RunRow>,
}

/// Queues what is missing of a back-fill.
pub async fn backfill_job(
    pool: &PgPool,
    request: &BackfillRequest<'_>,
    author: &Author,
) -> Result<Result<Backfill, BackfillRejection>, ServiceError> {
    if let Err(refusal) = request.check() {
        return Ok(Err(refusal));
    }
    let key = Uuid::new_v4().to_string();
    retrying!(queue_in_transaction(pool, request, &key, author)).map(Ok)
}

impl BackfillRequest<'_> {
    /// Checks the range by itself: its order, its length and its end.
    ///
    /// # Errors
    /// The first reason for which it cannot be queued.
    pub fn check(&self) -> Result<(), BackfillRejection> {
        let days = (self.to - self.from).num_days() + 1;
        match days {
            ..1 => Err(BackfillRejection::Backwards),
            _ if days > MAX_DAYS => Err(BackfillRejection::TooLong { days }),
            _ if self.to > self.last_over => Err(BackfillRejection::NotOver {
                last_over: self.last_over,
            }),
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
