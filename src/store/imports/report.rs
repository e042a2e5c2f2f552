//! Results of an import: counts, refused lines, and the balance sheet.

use rust_decimal::Decimal;
use sqlx::FromRow;

use crate::store::bounded::PgConnection;

/// Number of records of a type by outcome.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct KindCount {
    pub kind: String,
    /// Imported, or to be imported by a dry run.
    pub imported: i64,
    /// Equal to what the database has.
    pub unchanged: i64,
    /// Equal to another line.
    pub repeated: i64,
    pub refused: i64,
}

/// Counts the records.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn counts(connection: &mut PgConnection) -> sqlx::Result<Vec<KindCount>> {
    sqlx::query_as(
        "select kind, count(*) filter (where state is null) as imported, count(*) filter (where state = 'unchanged') as unchanged,
                count(*) filter (where state = 'repeated') as repeated, count(*) filter (where state = 'refused') as refused
         from import_lines group by kind order by min(seq)",
    )
    .fetch_all(connection)
    .await
}

/// Refused record.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RefusedLine {
    pub seq: i64,
    pub line: i64,
    pub kind: String,
    pub key: String,
    pub reason: String,
}

/// Returns refused records by line, after the position of another one.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn refused(
    connection: &mut PgConnection,
    after: Option<&RefusedLine>,
    limit: i64,
) -> sqlx::Result<Vec<RefusedLine>> {
    sqlx::query_as(
        "select seq, line, kind, key, reason from import_lines
         where state = 'refused' and (line, seq) > ($1, $2) order by line, seq limit $3",
    )
    .bind(after.map_or(0, |after| after.line))
    .bind(after.map_or(0, |after| after.seq))
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Figure of the balance sheet. Without a coin: a number of rows.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Figure {
    pub coin_id: Option<String>,
    /// `pending`, `settled`, `reversed`, `void`, `openings` or `balances`; without a coin `users` or `bindings`.
    pub name: String,
    pub count: i64,
    pub amount: Decimal,
}

/// Returns the balance sheet, with what the lines would add if `with_lines`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn sheet(connection: &mut PgConnection, with_lines: bool) -> sqlx::Result<Vec<Figure>> {
    sqlx::query_as(include_str!("sheet.sql"))
        .persistent(false)
        .bind(with_lines)
        .fetch_all(connection)
        .await
}
