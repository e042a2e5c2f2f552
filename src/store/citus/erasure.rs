//! Erasure of a user whose code users in other shards have bound.

use sqlx::{AssertSqlSafe, raw_sql};

use crate::domain::id::UserId;
use crate::store::bounded::PgConnection;

/// Replaces the code of an erased user in the invitations of those who bound it. Returns their number.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn rename_parent(connection: &mut PgConnection, parent: UserId, code: &str) -> sqlx::Result<u64> {
    let children = sqlx::query_scalar!("select user_id from invitation_children where parent_id = $1", parent.0)
        .fetch_all(&mut *connection)
        .await?;
    if children.is_empty() {
        return Ok(0);
    }
    // For the trigger on the nodes of the children, which `functions.sql` defines. Safe: a number, and a generated code.
    let name = format!(
        "set local citus.propagate_set_commands = 'local'; set local newbee.erased_parent = '{} {code}'",
        parent.0
    );
    raw_sql(AssertSqlSafe(name)).execute(&mut *connection).await?;
    let renamed = sqlx::query!(
        "update invitations set parent_code = $2 where parent_id = $1 and user_id = any ($3)",
        parent.0,
        code,
        &children[..]
    )
    .execute(connection)
    .await?;
    Ok(renamed.rows_affected())
}
