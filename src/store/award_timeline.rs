//! What became of an award: when, and by which run or whom.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::id::{AwardId, UserId};

/// One thing that happened to an award.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct TimelineEntry {
    pub at: DateTime<Utc>,
    /// `CREATED`, `SETTLED`, `REVERSED`, `VOIDED`, `RETRIED` or `PARKED`.
    pub event: String,
    /// Who did it, where it was not a run of a job.
    pub actor: Option<String>,
    /// The job run that did it.
    pub run_id: Option<i64>,
    pub job: Option<String>,
    /// Why it was done, or why it could not be.
    pub reason: Option<String>,
}

/// The events of an award, oldest first. Of parking only that is known which lasts: a retry forgets the error, and the audit
/// log keeps it.
pub async fn of_award(
    connection: impl PgExecutor<'_>,
    user: UserId,
    award: AwardId,
) -> sqlx::Result<Vec<TimelineEntry>> {
    sqlx::query_as(
        "select created_at as at, 'CREATED' as event, coalesce(recorded_by, case source when 'import' then 'import' else 'user' end) as actor,
                null::bigint as run_id, null as job, null as reason, 0 as place
         from awards where (user_id, award_id) = ($1, $2)
         union all
         select e.posted_at, case e.kind when 'SETTLE' then 'SETTLED' else 'REVERSED' end, null, e.run_id, r.job, null, 1
         from ledger_entries e left join job_runs r using (run_id)
         where (e.user_id, e.award_id) = ($1, $2)
           -- A reversal by hand is told by the audit log, with its reason.
           and not (e.kind = 'REVERSE'
                    and exists (select from audit_log where subject = 'award:' || $2::bigint and action = 'reverse_award'))
         union all
         select at, case action when 'void_award' then 'VOIDED' when 'reverse_award' then 'REVERSED' else 'RETRIED' end,
                actor, null, null, reason, 2
         from audit_log where subject = 'award:' || $2::bigint and action in ('void_award', 'reverse_award', 'retry_award')
         union all
         select updated_at, 'PARKED', null, null, null, settle_error, 3
         from awards where (user_id, award_id) = ($1, $2) and status = 0 and settle_error is not null
         order by at, place",
    )
    .bind(user.0)
    .bind(award.0)
    .fetch_all(connection)
    .await
}
