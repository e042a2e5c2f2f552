//! Invitation codes and bindings.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::invitation::{Invitation, Parent};

/// Checked statement that returns invitations, with their columns between its two parts: `i` is the invitation.
macro_rules! invitation_query {
    ($before:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $before
                + " i.user_id, i.code, i.class, i.parent_id, i.parent_code, i.bound_at, i.created_at, i.updated_at "
                + $after
            $(, $argument)*
        )
        .map(|row| Invitation {
            user_id: UserId(row.user_id),
            code: row.code,
            class: row.class,
            parent: parent(row.parent_id, row.parent_code, row.bound_at),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    };
}

/// Returns the bound parent. The database stores all three values or none.
fn parent(id: Option<i64>, code: Option<String>, bound_at: Option<DateTime<Utc>>) -> Option<Parent> {
    Some(Parent {
        user_id: UserId(id?),
        code: code?,
        bound_at: bound_at?,
    })
}

/// Inserts the invitation code of a user. Returns false if another user has a code with the same normalised form.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(
    connection: &mut PgConnection,
    user: UserId,
    code: &str,
    normalised_code: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    // One statement that inserts the code first: nothing is written if it is taken.
    let inserted = sqlx::query!(
        "with given as (
             insert into invitation_codes (normalised_code, user_id) values ($3, $1)
             on conflict (normalised_code) do nothing returning user_id
         )
         insert into invitations (user_id, code, created_at, updated_at) select user_id, $2, $4, $4 from given",
        user.0,
        code,
        normalised_code,
        at
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Returns the invitation of a user. Every registered user has one.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Invitation>> {
    invitation_query!("select", "from invitations i where user_id = $1", user.0)
        .fetch_optional(connection)
        .await
}

/// Returns the invitation with a normalised code, unless its user is erased.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_by_code(connection: impl PgExecutor<'_>, normalised_code: &str) -> sqlx::Result<Option<Invitation>> {
    invitation_query!(
        "select",
        "from invitation_codes c join invitations i using (user_id) join users u using (user_id)
         where c.normalised_code = $1 and u.erased_at is null",
        normalised_code
    )
    .fetch_optional(connection)
    .await
}

/// Locks binding: waits for other bindings to finish, and blocks later ones until this transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_binding(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select from invitation_binding_lock for update")
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns true if `candidate` is `user` or one of their ancestors. Reliable only under [`lock_binding`].
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn is_self_or_ancestor(connection: &mut PgConnection, candidate: UserId, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"with recursive line as (
               select $2::bigint as user_id
               union
               select l.parent_id from line join invitation_links l using (user_id)
           )
           select exists (select 1 from line where user_id = $1) as "exists!""#,
        candidate.0,
        user.0
    )
    .fetch_one(connection)
    .await
}

/// Binds a parent. Returns `None` if the user already has one.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn bind_parent(
    connection: &mut PgConnection,
    user: UserId,
    parent: &Invitation,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<Invitation>> {
    invitation_query!(
        "with bound as (
             update invitations set parent_id = $2, parent_code = $3, bound_at = $4, updated_at = $4, class = 1
             where user_id = $1 and parent_id is null
             returning *
         ),
         child as (
             insert into invitation_children (parent_id, bound_at, user_id)
             select parent_id, bound_at, user_id from bound),
         link as (insert into invitation_links (user_id, parent_id) select user_id, parent_id from bound),
         counted as (
             update users u set children_count = u.children_count + 1 from bound where u.user_id = bound.parent_id
         ),
         queued as (
             insert into host_event_queue (kind, user_id, occurred_at)
             select 'INVITATION_BOUND', user_id, bound_at from bound
             where exists (select 1 from host_feed where began_at is not null)
         )
         select",
        "from bound i",
        user.0,
        parent.user_id.0,
        parent.code,
        at
    )
    .fetch_optional(connection)
    .await
}

/// Binding for which the open INVITE rules pay.
#[derive(Clone, Copy, Debug)]
pub struct InvitationPayment<'a> {
    pub invitee: UserId,
    pub inviter: UserId,
    /// Time of the binding, and the business day of awards.
    pub moment: BusinessTime,
    /// Time at which the code was entered, when a rule must be open.
    pub entered_at: DateTime<Utc>,
    /// API key that acts for the invitee; `None` if they act themselves.
    pub recorded_by: Option<&'a str>,
}

/// Applies the open INVITE rules to a new binding, in its transaction. Beyond a limit or a budget the binding stands, but
/// pays nothing.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn apply_rules(connection: &mut PgConnection, payment: InvitationPayment<'_>) -> sqlx::Result<()> {
    sqlx::query_scalar!(
        "select apply_invite_rules($1, $2, $3, $4, $5, $6)::text",
        payment.invitee.0,
        payment.inviter.0,
        payment.moment.at,
        payment.moment.day,
        payment.entered_at,
        payment.recorded_by
    )
    .fetch_one(connection)
    .await
    .map(|_| ())
}
