//! Writes of an import, in batches of one transaction each. What is committed is found again by the next run.

use chrono::NaiveDate;
use sqlx::Row;

use super::rows::refusal;
use crate::store::bounded::{PgConnection, PgTransaction};
use crate::store::business_days::DAY_LOCKS;
use crate::store::transaction::retrying;

/// Number of records per transaction.
const BATCH: i64 = 1_000;

/// A type of records that are imported in batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Users,
    Places,
    Awards,
    Claims,
    OpeningBalances,
    Streaks,
}

impl Step {
    fn sql(self) -> &'static str {
        match self {
            Self::Users => include_str!("apply_users.sql"),
            Self::Places => include_str!("apply_places.sql"),
            Self::Awards => include_str!("apply_awards.sql"),
            Self::Claims => include_str!("apply_claims.sql"),
            Self::OpeningBalances => include_str!("apply_openings.sql"),
            Self::Streaks => include_str!("apply_streaks.sql"),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Users => "user",
            Self::Places => "place",
            Self::Awards => "award",
            Self::Claims => "claim",
            Self::OpeningBalances => "openingBalance",
            Self::Streaks => "streak",
        }
    }
}

/// Imports all records of a type. Records that the database refuses are marked.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn apply(connection: &mut PgConnection, step: Step) -> sqlx::Result<()> {
    let mut after = 0;
    loop {
        after = match retrying!(apply_batch(connection, step, after, BATCH)) {
            Ok(Some(last)) => last,
            Ok(None) => return Ok(()),
            Err(error) => {
                // Which of the records it is, the database does not say.
                refusal(error)?;
                apply_singly(connection, step, after).await?
            }
        };
    }
}

/// Imports the records of one batch, each in its own transaction, and marks those that the database refuses. Returns the
/// last of them.
async fn apply_singly(connection: &mut PgConnection, step: Step, mut after: i64) -> sqlx::Result<i64> {
    for _ in 0..BATCH {
        after = match retrying!(apply_batch(connection, step, after, 1)) {
            Ok(Some(last)) => last,
            Ok(None) => break,
            Err(error) => {
                sqlx::query_scalar(
                    "update import_lines set state = 'refused', reason = $3
                     where seq = (select min(seq) from import_lines where kind = $1 and state is null and seq > $2)
                     returning seq",
                )
                .bind(step.kind())
                .bind(after)
                .bind(refusal(error)?)
                .fetch_one(&mut *connection)
                .await?
            }
        };
    }
    Ok(after)
}

async fn apply_batch(connection: &mut PgConnection, step: Step, after: i64, limit: i64) -> sqlx::Result<Option<i64>> {
    let mut transaction = connection.begin().await?;
    let applied = apply_in(&mut transaction, step, after, limit).await;
    end(transaction, applied).await
}

async fn apply_in(
    transaction: &mut PgTransaction<'_>,
    step: Step,
    after: i64,
    limit: i64,
) -> sqlx::Result<Option<i64>> {
    if step == Step::Awards {
        sqlx::query(include_str!("hold_days.sql"))
            .bind(after)
            .bind(limit)
            .bind(DAY_LOCKS)
            .execute(&mut **transaction)
            .await?;
    }
    // Planned for each execution: the batch is a small part of the lines.
    let row = sqlx::query(step.sql())
        .persistent(false)
        .bind(after)
        .bind(limit)
        .fetch_one(&mut **transaction)
        .await?;
    row.try_get("last")
}

/// Commits, or rolls back at once after an error.
async fn end<T>(transaction: PgTransaction<'_>, outcome: sqlx::Result<T>) -> sqlx::Result<T> {
    match outcome {
        Ok(value) => transaction.commit().await.map(|()| value),
        Err(error) => {
            // The first error is the one to report.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

/// Binds the users to their parents, parents first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn bind(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut after = (0, 0);
    while let Some(last) = retrying!(bind_batch(connection, after))? {
        after = last;
    }
    refuse_missed_bindings(connection).await
}

async fn bind_batch(connection: &mut PgConnection, (level, user): (i32, i64)) -> sqlx::Result<Option<(i32, i64)>> {
    let mut transaction = connection.begin().await?;
    let bound = async {
        crate::store::invitations::lock_binding(&mut transaction).await?;
        sqlx::query_as(include_str!("apply_bindings.sql"))
            .persistent(false)
            .bind(level)
            .bind(user)
            .bind(BATCH)
            .fetch_optional(&mut *transaction)
            .await
    }
    .await;
    end(transaction, bound).await
}

/// Adds the bindings that became impossible meanwhile to the refused lines.
async fn refuse_missed_bindings(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("update import_bindings set level = case when level >= 0 and reason is not null then -1 else null end")
        .execute(&mut *connection)
        .await?;
    sqlx::query(include_str!("refused_bindings.sql"))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Imports the business days, oldest first: those that were closed are closed again, with the totals of their awards.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn days(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut after = NaiveDate::MIN;
    loop {
        let next: Option<(NaiveDate, i64)> = sqlx::query_as(
            "select (content ->> 'day')::date as day, seq from import_lines
             where kind = 'day' and state is null and (content ->> 'day')::date > $1 order by day limit 1",
        )
        .bind(after.max(crate::domain::date::FIRST_DATE.pred_opt().expect("a date")))
        .fetch_optional(&mut *connection)
        .await?;
        let Some((day, seq)) = next else { return Ok(()) };
        after = day;
        retrying!(import_day(connection, day, seq))?;
    }
}

async fn import_day(connection: &mut PgConnection, day: NaiveDate, seq: i64) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    let imported = async {
        sqlx::query("select pg_advisory_xact_lock($1, $2 - date '2000-01-01')")
            .bind(DAY_LOCKS)
            .bind(day)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("insert into business_days (day, state) values ($1, 'OPEN') on conflict (day) do nothing")
            .bind(day)
            .execute(&mut *transaction)
            .await?;
        let closed = sqlx::query(
            "update business_days d set state = 'CLOSED', closed_at = (l.content ->> 'closed_at')::timestamptz
             from import_lines l
             where l.seq = $2 and l.content ->> 'state' = 'CLOSED' and d.day = $1 and d.state = 'OPEN'",
        )
        .bind(day)
        .bind(seq)
        .execute(&mut *transaction)
        .await?;
        if closed.rows_affected() == 1 {
            sqlx::query(
                "insert into business_day_totals (day, item, coin_id, award_count, amount)
                 select a.business_day, a.item, a.coin_id, count(*) - coalesce(max(t.award_count), 0),
                        sum(a.amount) - coalesce(max(t.amount), 0)
                 from awards a left join imported_totals t on (t.day, t.item, t.coin_id) = (a.business_day, a.item, a.coin_id)
                 where a.business_day = $1
                 group by a.business_day, a.item, a.coin_id
                 having count(*) > coalesce(max(t.award_count), 0)",
            )
            .bind(day)
            .execute(&mut *transaction)
            .await?;
        }
        Ok::<_, sqlx::Error>(())
    }
    .await;
    end(transaction, imported).await
}
