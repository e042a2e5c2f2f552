//! Order of the bindings of an import: parents before their children, and no cycles. Needs memory for no more than one
//! binding at a time, and little more time than in proportion to their number, however deep the tree is.

use sqlx::Executor;

use super::raw;
use crate::store::bounded::PgConnection;

/// Finds the bindings that can be made and their order, and refuses the others.
///
/// # Errors
/// Returns an error if the database query fails.
pub(super) async fn check(connection: &mut PgConnection) -> sqlx::Result<()> {
    raw(connection, include_str!("bindings.sql")).await?;
    raw(connection, include_str!("levels.sql")).await?;
    raw(connection, include_str!("jumps.sql")).await?;
    let count: i64 = sqlx::query_scalar("select count(*) from import_jumps")
        .fetch_one(&mut *connection)
        .await?;
    let mut distance = 1;
    while distance < count {
        let double =
            "update import_jumps j set ancestor_id = a.ancestor_id from import_jumps a where a.user_id = j.ancestor_id";
        connection.execute(sqlx::raw_sql(double)).await?;
        distance *= 2;
    }
    raw(connection, include_str!("cycles.sql")).await?;
    raw(connection, include_str!("levels.sql")).await?;
    raw(connection, include_str!("cycles_with_database.sql")).await?;
    raw(connection, include_str!("refused_bindings.sql")).await
}
