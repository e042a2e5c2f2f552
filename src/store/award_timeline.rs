//! Event history of an award: time, and the job run or actor.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::id::{AwardId, UserId};

/// Event in the history of an award.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    pub at: DateTime<Utc>,
    /// `CREATED`, `SETTLED`, `REVERSED`, `VOIDED`, `RETRIED` or `PARKED`.
    pub event: String,
    /// Actor of the event; `None` if it was a job run.
    pub actor: Option<String>,
    /// Job run that caused the event.
    pub run_id: Option<i64>,
    pub job: Option<String>,
    /// Reason for the event, or the error for `PARKED`.
    pub reason: Option<String>,
}

/// Returns the events of an award, oldest first. Parking is listed only while the award is parked: a retry clears the
/// error, which then remains only in the audit log.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn of_award(
    connection: impl PgExecutor<'_>,
    user: UserId,
    award: AwardId,
) -> sqlx::Result<Vec<TimelineEntry>> {
    sqlx::query_as!(
        TimelineEntry,
        r#"select at as "at!", event as "event!", actor, run_id, job, reason
           from (
               select created_at as at, 'CREATED' as event,
                      coalesce(recorded_by, case source when 'import' then 'import' else 'user' end) as actor,
                      null::bigint as run_id, null as job, null as reason, 0 as place
               from awards where (user_id, award_id) = ($1, $2)
               union all
               select e.posted_at, case e.kind when 'SETTLE' then 'SETTLED' else 'REVERSED' end, null, e.run_id, r.job,
                      null, 1
               from ledger_entries e left join job_runs r using (run_id)
               where (e.user_id, e.award_id) = ($1, $2)
                 -- A manual reversal is listed from the audit log, which has its reason.
                 and not (e.kind = 'REVERSE'
                          and exists (select 1 from audit_log
                                      where subject = 'award:' || $2::bigint and action = 'reverse_award'))
               union all
               select at,
                      case action when 'void_award' then 'VOIDED' when 'reverse_award' then 'REVERSED'
                                  else 'RETRIED' end,
                      actor, null, null, reason, 2
               from audit_log
               where subject = 'award:' || $2::bigint and action in ('void_award', 'reverse_award', 'retry_award')
               union all
               select updated_at, 'PARKED', null, null, null, settle_error, 3
               from awards where (user_id, award_id) = ($1, $2) and status = 'PENDING' and settle_error is not null
           ) events
           order by at, place"#,
        user.0,
        award.0
    )
    .fetch_all(connection)
    .await
}
