//! Statements of `newbee import`. They work on temporary tables of the import's own session, which do not exist when the
//! program is built, so they are not checked at compile time: the tests of imports execute each of them.

pub mod apply;
mod bindings;
pub mod report;
pub mod row_kinds;
pub mod rows;
mod rule_texts;

use sqlx::{AssertSqlSafe, Executor, Row};

use super::bounded::PgConnection;
use crate::domain::transfer::Record;

/// Advisory lock of imports, two 32-bit numbers.
const LOCK: (i32, i32) = (0x6e62, -1);

/// Record, or a line that is none, to be stored in the table of lines.
#[derive(Clone, Debug)]
pub struct Staged {
    pub line: i64,
    /// The record, or the reason why it is refused.
    pub record: Result<Record, String>,
}

impl Staged {
    /// Returns the line with visible zero characters in its reason: the database stores none.
    #[must_use]
    pub fn without_zero_characters(mut self) -> Self {
        self.record = self.record.map_err(|reason| reason.replace('\0', "\u{2400}"));
        self
    }
}

/// Reason why an import cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotBegin {
    #[error("Another import is running on this database. Wait until it has ended, then run this one again.")]
    Running,
    #[error(
        "The database role must not move the sequence of award IDs. Run the import as the owner of the tables, such as \
         newbee_owner."
    )]
    NotOwner,
}

/// Prepares the session: only one import runs at a time, and triggers accept history. Creates the table of lines.
///
/// # Errors
/// Returns an error if the database query fails; the inner error says why the import cannot begin.
pub async fn begin(connection: &mut PgConnection) -> sqlx::Result<Result<(), CannotBegin>> {
    let row = sqlx::query(
        "select pg_try_advisory_lock($1, $2) as is_locked, has_sequence_privilege('award_ids', 'UPDATE') as may_move",
    )
    .bind(LOCK.0)
    .bind(LOCK.1)
    .fetch_one(&mut *connection)
    .await?;
    if !row.try_get::<bool, _>("is_locked")? {
        return Ok(Err(CannotBegin::Running));
    }
    if !row.try_get::<bool, _>("may_move")? {
        return Ok(Err(CannotBegin::NotOwner));
    }
    raw(connection, "set newbee.import = 'on'; set work_mem = '32MB'").await?;
    raw(connection, include_str!("tables.sql")).await?;
    Ok(Ok(()))
}

/// Executes statements without arguments.
async fn raw(connection: &mut PgConnection, sql: &'static str) -> sqlx::Result<()> {
    connection.execute(sqlx::raw_sql(sql)).await.map(|_| ())
}

/// Stores lines; `first_seq` is the number of the first of them.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn store(connection: &mut PgConnection, first_seq: i64, staged: &[Staged]) -> sqlx::Result<()> {
    let records = || staged.iter().map(|staged| staged.record.as_ref());
    let seqs: Vec<i64> = (first_seq..).take(staged.len()).collect();
    let lines: Vec<i64> = staged.iter().map(|staged| staged.line).collect();
    let kinds: Vec<&str> = records()
        .map(|record| record.map_or("unknown", |record| record.kind))
        .collect();
    let keys: Vec<&str> = records()
        .map(|record| record.map_or("", |record| record.key.as_str()))
        .collect();
    let users: Vec<Option<i64>> = records()
        .map(|record| record.ok().and_then(|record| record.user_id))
        .collect();
    let contents: Vec<Option<String>> = records()
        .map(|record| Some(serde_json::to_string(&record.ok()?.content).expect("a map of JSON values")))
        .collect();
    let reasons: Vec<Option<&str>> = records().map(|record| record.err().map(String::as_str)).collect();
    sqlx::query(
        "insert into import_lines (seq, line, kind, key, user_id, content, state, reason)
         select seq, line, kind, key, user_id, content::jsonb, case when reason is not null then 'refused' end, reason
         from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[])
              as l (seq, line, kind, key, user_id, content, reason)",
    )
    .bind(seqs)
    .bind(lines)
    .bind(kinds)
    .bind(keys)
    .bind(users)
    .bind(contents)
    .bind(reasons)
    .execute(connection)
    .await
    .map(|_| ())
}

/// Marks the lines that are repeated, already imported, or refused. Only the temporary tables change. `today` is the
/// current business day.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn check(connection: &mut PgConnection, today: chrono::NaiveDate) -> sqlx::Result<()> {
    raw(connection, include_str!("prepare.sql")).await?;
    raw(connection, include_str!("repeated.sql")).await?;
    rows::check(connection).await?;
    sqlx::query(include_str!("check_days.sql"))
        .bind(today)
        .execute(&mut *connection)
        .await?;
    raw(connection, include_str!("check_users.sql")).await?;
    raw(connection, include_str!("check_codes.sql")).await?;
    bindings::check(connection).await?;
    raw(connection, include_str!("check_references.sql")).await?;
    sqlx::query(include_str!("check_future.sql"))
        .bind(today)
        .execute(&mut *connection)
        .await?;
    raw(connection, include_str!("check_awards.sql")).await?;
    raw(connection, include_str!("check_others.sql")).await
}

/// Moves the sequence of award ids beyond those of the lines, so that newbee never assigns one of them.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn move_award_ids(connection: &mut PgConnection) -> sqlx::Result<()> {
    raw(
        connection,
        "select setval('award_ids', most)
         from (select max(coalesce(content ->> 'award_id', content ->> 'entry_id')::bigint) as most
               from import_lines where state is null and kind in ('award', 'openingBalance')) ids
         where most >= (select last_value from award_ids)",
    )
    .await
}

/// Moves the sequence of the ids of a table beyond those in use.
async fn move_ids(connection: &mut PgConnection, table: &str, column: &str) -> sqlx::Result<()> {
    // Safe: the names are those of this module.
    let sql = format!(
        "select setval(pg_get_serial_sequence('{table}', '{column}'), most)
         from (select max({column}) as most from {table}) ids where most is not null"
    );
    connection.execute(AssertSqlSafe(sql)).await.map(|_| ())
}
