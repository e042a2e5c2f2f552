//! Qualifications of invitees in a distributed database: statements after new awards do what the trigger
//! `awards_qualify_invitees` does on one node.

use std::collections::BTreeMap;

use super::locks;
use crate::domain::award::{Award, AwardType};
use crate::domain::id::UserId;
use crate::store::bounded::PgConnection;

/// Users who can still qualify, with the items of their qualifications and their inviter.
pub type Invitees = BTreeMap<UserId, Pending>;

/// Qualifications of a user that are not decided.
#[derive(Clone, Debug)]
pub struct Pending {
    pub inviter: UserId,
    /// In ascending order.
    pub items: Vec<String>,
}

/// Returns those of the users who can still qualify.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn pending(connection: &mut PgConnection, users: &[i64]) -> sqlx::Result<Invitees> {
    if users.is_empty() {
        return Ok(Invitees::new());
    }
    let rows = sqlx::query!(
        "select user_id, inviter_id, item from qualifications
         where user_id = any ($1) and state = 'PENDING' order by user_id, item",
        users
    )
    .fetch_all(connection)
    .await?;
    let mut invitees = Invitees::new();
    for row in rows {
        let pending = invitees.entry(UserId(row.user_id)).or_insert(Pending {
            inviter: UserId(row.inviter_id),
            items: Vec::new(),
        });
        pending.items.push(row.item);
    }
    Ok(invitees)
}

/// Locks the feeds of invitees and inviters, who may be paid, in the order of every other statement.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_feeds(connection: &mut PgConnection, invitees: &Invitees) -> sqlx::Result<()> {
    let inviters = invitees.values().map(|pending| pending.inviter);
    let users: Vec<i64> = invitees.keys().copied().chain(inviters).map(|user| user.0).collect();
    if users.is_empty() {
        return Ok(());
    }
    locks::lock_feeds(connection, &users).await.map(|_| ())
}

/// Records the deeds of invitees, and pays for those who have nothing left to do.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn advance(
    connection: &mut PgConnection,
    invitees: &Invitees,
    made: &[Award],
    recorded_by: Option<&str>,
) -> sqlx::Result<()> {
    if invitees.is_empty() {
        return Ok(());
    }
    let is_deed = |award: &&Award| matches!(award.award_type, AwardType::Newbee | AwardType::Daily);
    for award in made.iter().filter(is_deed) {
        let Some(pending) = invitees.get(&award.user_id) else {
            continue;
        };
        for item in &pending.items {
            sqlx::query_scalar!(
                "select advance_qualification($1, $2, $3, $4, $5)::text",
                award.user_id.0,
                item,
                award.business_day,
                award.created_at,
                recorded_by
            )
            .fetch_one(&mut *connection)
            .await?;
        }
    }
    Ok(())
}
