//! Order of the bindings of an import: parents before their children, and no cycles. Needs memory for no more than one
//! binding at a time, and time in proportion to their number.

use sqlx::Row;

use super::{raw, with_number};
use crate::store::bounded::PgConnection;

/// Finds the bindings that can be made and their order, and refuses the others.
///
/// # Errors
/// Returns an error if the database query fails.
pub(super) async fn check(connection: &mut PgConnection) -> sqlx::Result<()> {
    raw(connection, include_str!("bindings.sql")).await?;
    let mut level = 0;
    loop {
        while with_number(connection, include_str!("next_level.sql"), level).await? > 0 {
            level += 1;
        }
        // The rest has no beginning: it is a cycle, or hangs below one.
        let found = sqlx::query(include_str!("cycle.sql"))
            .bind(level + 1)
            .fetch_one(&mut *connection)
            .await?;
        if found.try_get::<i64, _>("refused")? == 0 {
            break;
        }
        level += 1;
    }
    raw(connection, include_str!("cycles_with_database.sql")).await?;
    raw(connection, include_str!("refused_bindings.sql")).await
}

/// Returns the highest level; `None` if there is no binding to make.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn last_level(connection: &mut PgConnection) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar("select max(level) from import_bindings where level >= 0")
        .fetch_one(connection)
        .await
}
