//! Writes and runs the statement for a set of reads.
//!
//! If requests know their users only by their session keys, the statement looks the keys up first. A read then asks for
//! the user of the n-th key as the user −n.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use quick_cache::sync::Cache;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Row};

use super::part::{Asks, write_columns};
use super::read_set::{SessionRead, Slot};
use super::sessions::{self, LiveSession};
use super::{Column, ReadSet, Whose};
use crate::domain::id::UserId;
use crate::store::bounded::ShardMap;
use crate::store::failure::ServiceError;
use crate::store::replicas::ReadPool;

/// SQL texts by the parts in them: a constant text is prepared once per connection. Clients choose the parts, so the
/// number of cached texts is bounded.
static TEXTS: LazyLock<Cache<Vec<usize>, Arc<str>>> = LazyLock::new(|| Cache::new(256));

/// Number of the rows of session keys, in place of the number of a part.
const SESSIONS: i16 = -1;

/// Session keys with their users, and the users in an array, so that the one of a key is found in constant time.
const CALLERS: &str = "with callers as materialized (
    select key.slot, s.user_id, s.expires_at
    from unnest($1::bytea[]) with ordinality as key(hash, slot)
    left join sessions s on s.key_hash = key.hash and s.revoked_at is null
), caller_ids as (
    select array_agg(coalesce(user_id, 0) order by slot) as ids from callers
)
";

/// Reads without an outcome, grouped by their SQL. The place of a group is its number in the statement, and the place
/// of a read in its group is its slot.
#[derive(Default)]
pub struct Grouped<'a> {
    sessions: Vec<&'a mut SessionRead>,
    groups: Vec<Group<'a>>,
    /// True if all users are of one shard of a distributed database.
    is_of_shard: bool,
}

struct Group<'a> {
    sql_id: usize,
    slots: Vec<Slot<'a>>,
    /// Reads that take the outcome of the first one in `slots`.
    followers: Vec<Slot<'a>>,
}

impl<'a> Grouped<'a> {
    /// Groups the reads of several requests.
    pub fn new(sets: impl IntoIterator<Item = &'a mut ReadSet>) -> Self {
        let mut grouped = Self::default();
        for set in sets {
            let (session, reads) = set.pending();
            // Never the caller of another set.
            let caller = session.map_or(0, |session| {
                grouped.sessions.push(session);
                grouped.sessions.len() as i64
            });
            for read in reads {
                let asked_user = match read.whose() {
                    // Negative IDs do not occur, but would read the data of a caller.
                    Whose::User(user) => user.0.max(0),
                    Whose::Session => -caller,
                };
                grouped.push(Slot { read, asked_user });
            }
        }
        grouped
    }

    fn push(&mut self, slot: Slot<'a>) {
        let sql_id = slot.read.sql_id();
        match self.groups.binary_search_by_key(&sql_id, |group| group.sql_id) {
            Ok(place) if slot.read.is_shared() => self.groups[place].followers.push(slot),
            Ok(place) => self.groups[place].slots.push(slot),
            Err(place) => {
                let group = Group {
                    sql_id,
                    slots: vec![slot],
                    followers: Vec::new(),
                };
                self.groups.insert(place, group);
            }
        }
    }

    /// Splits the reads into one statement per part. Session keys must have been looked up.
    pub fn split(self) -> impl Iterator<Item = Self> {
        self.groups.into_iter().map(|group| Self {
            groups: vec![group],
            ..Self::default()
        })
    }

    /// Splits the reads into statements for the users of one shard each. Parts that read the rows of other users have a
    /// statement of their own. Session keys must have been looked up.
    pub fn by_shard(self, shards: &ShardMap) -> Vec<Self> {
        let mut statements: BTreeMap<(usize, usize), Self> = BTreeMap::new();
        for group in self.groups {
            let mut followers = Some(group.followers);
            for slot in group.slots {
                let own = if slot.read.reads_others() { group.sql_id } else { 0 };
                let statement = statements
                    .entry((shards.shard_of(UserId(slot.asked_user)), own))
                    .or_default();
                statement.is_of_shard = true;
                statement.push(slot);
                if let Some(followers) = followers.take() {
                    statement.add_followers(group.sql_id, followers);
                }
            }
        }
        statements.into_values().collect()
    }

    fn add_followers(&mut self, sql_id: usize, followers: Vec<Slot<'a>>) {
        if let Ok(place) = self.groups.binary_search_by_key(&sql_id, |group| group.sql_id) {
            self.groups[place].followers = followers;
        }
    }

    /// Splits the reads into one statement per read.
    pub fn alone(self) -> Vec<Self> {
        let is_of_shard = self.is_of_shard;
        let mut statements = Vec::new();
        for group in self.groups {
            let mut followers = group.followers;
            for slot in group.slots {
                statements.push(Self {
                    groups: vec![Group {
                        sql_id: group.sql_id,
                        slots: vec![slot],
                        followers: std::mem::take(&mut followers),
                    }],
                    is_of_shard,
                    ..Self::default()
                });
            }
        }
        statements
    }

    /// Returns the number of reads.
    pub fn read_count(&self) -> usize {
        self.groups.iter().map(|group| group.slots.len()).sum()
    }

    /// Returns the number of statements into which the reads can be split.
    pub fn part_count(&self) -> usize {
        self.groups.len() + usize::from(self.has_sessions())
    }

    /// Runs the statement.
    ///
    /// # Errors
    /// Returns an error if the database query fails.
    pub async fn fetch(&self, pool: &ReadPool) -> sqlx::Result<Vec<PgRow>> {
        // Safe: the text consists of constants of this program only.
        sqlx::query_with(AssertSqlSafe(self.text()), self.arguments()?)
            .fetch_all(pool)
            .await
    }

    fn arguments(&self) -> sqlx::Result<PgArguments> {
        let mut arguments = PgArguments::default();
        if self.has_sessions() {
            let keys: Vec<&[u8]> = self.sessions.iter().map(|session| &session.key.0[..]).collect();
            arguments.add(keys).map_err(sqlx::Error::Encode)?;
        }
        for group in &self.groups {
            let slots = &group.slots;
            if self.asks(group) != Asks::Callers {
                let users: Vec<i64> = slots.iter().map(|slot| slot.asked_user).collect();
                arguments.add(users).map_err(sqlx::Error::Encode)?;
            }
            let bound = slots[0].read.bind(slots, &mut arguments);
            bound.map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }

    /// Gives each read its outcome from the rows of the statement.
    ///
    /// # Errors
    /// Returns an error if a row belongs to none of the reads.
    pub fn read(&mut self, rows: &[PgRow]) -> sqlx::Result<()> {
        if self.has_sessions() {
            let mut found = vec![None; self.sessions.len()];
            for row in rows {
                let (number, slot) = place(row)?;
                if number == SESSIONS {
                    found[slot] = Some(LiveSession {
                        user_id: UserId(Column::Id.of(row)?),
                        expires_at: Column::Time1.of(row)?,
                    });
                }
            }
            self.set_sessions(&found);
        }
        for slot in self.groups.iter_mut().flat_map(|group| &mut group.slots) {
            slot.read.start();
        }
        for row in rows {
            let (number, slot) = place(row)?;
            if number != SESSIONS {
                self.groups[number as usize].slots[slot].read.add_row(row);
            }
        }
        for group in &mut self.groups {
            for slot in &mut group.slots {
                slot.read.finish();
            }
            for follower in &mut group.followers {
                follower.read.fill_from_shared(&*group.slots[0].read);
            }
        }
        Ok(())
    }

    /// Looks up the session keys in a statement of their own.
    ///
    /// # Errors
    /// Returns an error if the database query fails.
    pub async fn find_sessions(&mut self, pool: &ReadPool) -> sqlx::Result<()> {
        let keys: Vec<_> = self.sessions.iter().map(|session| session.key).collect();
        let by_key = sessions::find(pool, &keys).await?;
        let found: Vec<_> = keys.iter().map(|key| by_key.get(key).copied()).collect();
        self.set_sessions(&found);
        Ok(())
    }

    /// Returns true if there are session keys to look up.
    pub fn has_sessions(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Sets the session of each key, and the users of their reads. A key without a session has the user 0, who has no
    /// data.
    fn set_sessions(&mut self, found: &[Option<LiveSession>]) {
        for (session, found) in self.sessions.iter_mut().zip(found) {
            session.outcome = Some(Ok(*found));
        }
        for slot in self.groups.iter_mut().flat_map(Group::all) {
            if slot.read.whose() == Whose::Session {
                let session = usize::try_from(-slot.asked_user - 1)
                    .ok()
                    .and_then(|place| found[place]);
                let user = session.map_or(UserId(0), |session| session.user_id);
                slot.asked_user = user.0;
                slot.read.set_user(user);
            }
        }
    }

    /// Gives each read an error.
    pub fn fail(&mut self, error: &ServiceError) {
        for session in &mut self.sessions {
            session.outcome = Some(Err(error.clone()));
        }
        for slot in self.groups.iter_mut().flat_map(Group::all) {
            slot.read.fail(error);
        }
    }

    /// Returns how the reads of a group name their users. Most often all requests ask for the same parts.
    fn asks(&self, group: &Group<'_>) -> Asks {
        let callers = (1..=self.sessions.len() as i64).map(|caller| -caller);
        match self.has_sessions() {
            false if self.is_of_shard => Asks::UsersOfShard,
            false => Asks::Users,
            true if callers.eq(group.slots.iter().map(|slot| slot.asked_user)) => Asks::Callers,
            true => Asks::UsersOrCallers,
        }
    }

    fn text(&self) -> Arc<str> {
        let identity = |group: &Group<'_>| [group.sql_id, self.asks(group) as usize];
        let mut key: Vec<usize> = self.groups.iter().flat_map(identity).collect();
        key.push(usize::from(self.has_sessions()));
        match TEXTS.get(&key) {
            Some(text) => text,
            None => {
                let text: Arc<str> = self.write().into();
                TEXTS.insert(key, text.clone());
                text
            }
        }
    }

    fn write(&self) -> String {
        let mut placeholders = 1..;
        let mut text = String::new();
        if self.has_sessions() {
            text.push_str(CALLERS);
            placeholders.next();
            let columns = &[(Column::Id, "user_id"), (Column::Time1, "expires_at")];
            let number = SESSIONS.to_string();
            write_columns(&number, "slot", columns, &mut text);
            text.push_str("\nfrom callers where user_id is not null");
        }
        for (number, group) in self.groups.iter().enumerate() {
            if number > 0 || self.has_sessions() {
                text.push_str("\nunion all\n");
            }
            let read = &group.slots[0].read;
            read.write_sql(number, self.asks(group), &mut placeholders, &mut text);
        }
        text
    }
}

impl<'a> Group<'a> {
    fn all(&mut self) -> impl Iterator<Item = &mut Slot<'a>> {
        self.slots.iter_mut().chain(&mut self.followers)
    }
}

/// Returns the part and the slot of a row.
fn place(row: &PgRow) -> sqlx::Result<(i16, usize)> {
    Ok((
        row.try_get_unchecked(0)?,
        row.try_get_unchecked::<i64, _>(1)? as usize - 1,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::SessionKeyHash;
    use crate::store::me::children::ReadChildrenTotal;
    use crate::store::me::profile::ReadProfile;

    #[test]
    fn a_statement_numbers_its_parameters_and_fills_all_columns() {
        let mut set = ReadSet::of(UserId(7), ReadProfile);
        set.add(UserId(7), ReadChildrenTotal);
        set.add(UserId(7), ReadProfile);
        let text = Grouped::new([&mut set]).write();
        assert!(
            text.contains("unnest($1::int8[])") && text.contains("unnest($2::int8[])"),
            "{text}"
        );
        assert_eq!(text.matches("union all").count(), 1, "equal reads are one read");
    }

    #[test]
    fn a_statement_for_a_shard_names_its_users_in_every_part() {
        let shards: ShardMap = [i32::MIN, 0].into_iter().collect();
        let mut sets: Vec<ReadSet> = (1..=20).map(|user| ReadSet::of(UserId(user), ReadProfile)).collect();
        let statements = Grouped::new(&mut sets).by_shard(&shards);
        assert_eq!(statements.len(), 2);
        assert_eq!(statements.iter().map(Grouped::read_count).sum::<usize>(), 20);
        for statement in statements {
            assert!(statement.write().contains("u.user_id = any($1::int8[])"));
            assert!(statement.alone().iter().all(|alone| alone.read_count() == 1));
        }
    }

    #[test]
    fn reads_of_all_callers_need_no_other_list_of_users() {
        let reads = |total| {
            let mut set = ReadSet::of_session(SessionKeyHash([7; 32]));
            set.add(Whose::Session, ReadProfile);
            if total {
                set.add(Whose::Session, ReadChildrenTotal);
            }
            set
        };
        let alike = Grouped::new(&mut [reads(false), reads(false)]).write();
        assert!(
            alike.contains("unnest($1::bytea[])") && !alike.contains("$2"),
            "{alike}"
        );
        let unlike = Grouped::new(&mut [reads(false), reads(true)]).write();
        assert!(
            unlike.contains("from callers) asked") && unlike.contains("unnest($2::int8[])"),
            "{unlike}"
        );
    }
}
