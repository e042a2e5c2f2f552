//! Queueing a run on request. Any process can run it, even while the job is paused.

use crate::store::bounded::PgPool;
use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::ServiceError;
use crate::domain::audit::{Author, Change};
use crate::store::audit_log;
use crate::store::job_runs::due;
use crate::store::job_runs::requests::{ManualRun, insert_manual};
use crate::store::transaction::retrying;

/// Request of a run.
#[derive(Clone, Copy, Debug)]
pub struct RunRequest<'a> {
    /// Name of a job of this program.
    pub job: &'a str,
    /// Required for day jobs, `None` for others.
    pub business_day: Option<NaiveDate>,
    /// True if the run only reports the changes that it would make.
    pub dry_run: bool,
    pub reason: Option<&'a str>,
}

/// Queues a run and returns its ID.
///
/// # Errors
/// If the database fails.
pub async fn request_run(pool: &PgPool, request: &RunRequest<'_>, author: &Author) -> Result<i64, ServiceError> {
    // The same key for all attempts of the transaction.
    let run_key = format!("manual:{}", Uuid::new_v4());
    retrying!(request_in_transaction(pool, request, &run_key, author))
}

async fn request_in_transaction(
    pool: &PgPool,
    request: &RunRequest<'_>,
    run_key: &str,
    author: &Author,
) -> Result<i64, ServiceError> {
    let mut transaction = pool.begin().await?;
    due::register(&mut *transaction, request.job, author.at).await?;
    let run = ManualRun {
        job: request.job,
        run_key,
        business_day: request.business_day,
        dry_run: request.dry_run,
        requested_by: &author.name,
        reason: request.reason,
        at: author.at,
    };
    let run_id = insert_manual(&mut *transaction, &run).await?;
    let change = Change {
        action: "run_job",
        subject: format!("job:{}", request.job),
        user_id: None,
        reason: request.reason.map(str::to_owned),
        before: None,
        after: Some(json!({ "runId": run_id, "businessDay": request.business_day, "dryRun": request.dry_run })),
    };
    audit_log::record(&mut transaction, author, &[change]).await?;
    transaction.commit().await?;
    Ok(run_id)
}
