//! Deletion of old runs.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::store::walk::{BatchResult, Chunk};

/// Returns the names of all jobs that ever ran here, including those that this program no longer has.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn job_names(connection: impl PgExecutor<'_>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select job from jobs order by job")
        .fetch_all(connection)
        .await
}

/// Deletes runs of a job that ended before an instant, except the newest `spared`. Examines at most `limit` runs
/// after the given one. The run key of a due time may be deleted with its run: `scheduled_through` prevents a second
/// run.
///
/// Run ids ascend with time, so the sweep ends at the first younger run.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn prune(
    connection: &mut PgConnection,
    job: &str,
    after: Option<i64>,
    before: DateTime<Utc>,
    spared: i64,
    limit: i64,
) -> sqlx::Result<BatchResult<i64>> {
    let chunk = sqlx::query!(
        r#"with spared as (
               select run_id from job_runs where job = $1 order by run_id desc limit $4
           ),
           chunk as (
               select run_id, created_at from job_runs
               where job = $1 and run_id > $2 and run_id < (select min(run_id) from spared)
               order by run_id limit $5
           ),
           deleted as (
               delete from job_runs r using chunk where r.run_id = chunk.run_id and r.ended_at < $3 returning 1
           )
           select (select count(*) from deleted) as "changed!", (select count(*) from chunk) as "looked_at!",
                  run_id, created_at >= $3 as "met_younger!"
           from chunk order by run_id desc limit 1"#,
        job,
        after.unwrap_or(0),
        before,
        spared,
        limit
    )
    .map(|row| Chunk {
        changed: row.changed,
        looked_at: row.looked_at,
        last: (row.run_id, row.met_younger),
    })
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit).until_younger())
}
