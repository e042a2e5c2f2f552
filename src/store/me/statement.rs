//! Writes and runs the statement for a set of reads.

use std::sync::{Arc, LazyLock};

use quick_cache::sync::Cache;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Row};

use super::ReadSet;
use super::read_set::AnyRead;
use crate::store::bounded::PgPool;
use crate::store::failure::ServiceError;

/// SQL texts by the parts in them: a constant text is prepared once per connection. Clients choose the parts, so the
/// number of cached texts is bounded.
static TEXTS: LazyLock<Cache<Vec<usize>, Arc<str>>> = LazyLock::new(|| Cache::new(256));

/// Reads without an outcome, grouped by their SQL. The place of a group is its number in the statement, and the place
/// of a read in its group is its slot.
#[derive(Default)]
pub struct Grouped<'a> {
    groups: Vec<Group<'a>>,
}

struct Group<'a> {
    sql_id: usize,
    reads: Vec<&'a mut dyn AnyRead>,
    /// Reads that take the outcome of the first one of `reads`.
    followers: Vec<&'a mut dyn AnyRead>,
}

impl<'a> Grouped<'a> {
    /// Groups the reads of several requests.
    pub fn new(sets: impl IntoIterator<Item = &'a mut ReadSet>) -> Self {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for read in sets.into_iter().flat_map(ReadSet::pending) {
            let sql_id = read.sql_id();
            match groups.binary_search_by_key(&sql_id, |group| group.sql_id) {
                Ok(place) if read.is_shared() => groups[place].followers.push(read),
                Ok(place) => groups[place].reads.push(read),
                Err(place) => groups.insert(
                    place,
                    Group {
                        sql_id,
                        reads: vec![read],
                        followers: Vec::new(),
                    },
                ),
            }
        }
        Self { groups }
    }

    /// Splits the reads into one statement per part.
    pub fn split(self) -> impl Iterator<Item = Self> {
        self.groups.into_iter().map(|group| Self { groups: vec![group] })
    }

    /// Returns the number of parts.
    pub fn part_count(&self) -> usize {
        self.groups.len()
    }

    /// Runs the statement.
    ///
    /// # Errors
    /// Returns an error if the database query fails.
    pub async fn fetch(&self, pool: &PgPool) -> sqlx::Result<Vec<PgRow>> {
        let mut arguments = PgArguments::default();
        for Group { reads, .. } in &self.groups {
            let users: Vec<i64> = reads.iter().map(|read| read.user().0).collect();
            arguments.add(users).map_err(sqlx::Error::Encode)?;
            reads[0].bind(reads, &mut arguments).map_err(sqlx::Error::Encode)?;
        }
        // Safe: the text consists of constants of this program only.
        sqlx::query_with(AssertSqlSafe(self.text()), arguments)
            .fetch_all(pool)
            .await
    }

    /// Gives each read its outcome from the rows of the statement.
    ///
    /// # Errors
    /// Returns an error if a row belongs to none of the reads.
    pub fn read(&mut self, rows: &[PgRow]) -> sqlx::Result<()> {
        for read in self.groups.iter_mut().flat_map(|group| &mut group.reads) {
            read.start();
        }
        for row in rows {
            let (number, slot) = (row.try_get::<i16, _>(0)?, row.try_get::<i64, _>(1)?);
            self.groups[number as usize].reads[slot as usize - 1].add_row(row);
        }
        for group in &mut self.groups {
            for read in &mut group.reads {
                read.finish();
            }
            for follower in &mut group.followers {
                follower.fill_from_shared(&*group.reads[0]);
            }
        }
        Ok(())
    }

    /// Gives each read an error.
    pub fn fail(&mut self, error: &ServiceError) {
        for group in &mut self.groups {
            for read in group.reads.iter_mut().chain(&mut group.followers) {
                read.fail(error);
            }
        }
    }

    fn text(&self) -> Arc<str> {
        let key: Vec<usize> = self.groups.iter().map(|group| group.sql_id).collect();
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
        let mut text = String::new();
        let mut placeholders = 1..;
        for (number, group) in self.groups.iter().enumerate() {
            if number > 0 {
                text.push_str("\nunion all\n");
            }
            let written = group.reads[0].write_sql(number, &mut placeholders, &mut text);
            written.expect("writing to a string does not fail");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;
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
}
