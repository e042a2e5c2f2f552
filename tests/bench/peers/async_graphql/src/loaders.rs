//! Loaders: each reads what many users of a request ask for in one statement.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use tokio_postgres::{Error, Row};

use crate::database::{Database, Sql};
use crate::schema::{Award, Invitation, User};

pub struct Loaders(pub Arc<Database>);

type Loaded<K, V> = Result<HashMap<K, V>, Arc<Error>>;

/// Awards of a user, of one of the two tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NewbeeAwardsOf(pub i64);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TodayAwardsOf(pub i64);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvitationOf(pub i64);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChildCountOf(pub i64);
/// The first children of a parent.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChildrenOf {
    pub parent: i64,
    pub first: i64,
}

impl Loader<NewbeeAwardsOf> for Loaders {
    type Value = Vec<Award>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[NewbeeAwardsOf]) -> Loaded<NewbeeAwardsOf, Vec<Award>> {
        let users: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self.0.query(Sql::NewbeeAwards, &[&users]).await?;
        Ok(lists(&rows, |row| NewbeeAwardsOf(row.get(0)), Award::from_row))
    }
}

impl Loader<TodayAwardsOf> for Loaders {
    type Value = Vec<Award>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TodayAwardsOf]) -> Loaded<TodayAwardsOf, Vec<Award>> {
        let users: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self.0.query(Sql::TodayAwards, &[&users]).await?;
        Ok(lists(&rows, |row| TodayAwardsOf(row.get(0)), Award::from_row))
    }
}

impl Loader<InvitationOf> for Loaders {
    type Value = Invitation;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[InvitationOf]) -> Loaded<InvitationOf, Invitation> {
        let users: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self.0.query(Sql::Invitations, &[&users]).await?;
        let loaded = rows
            .iter()
            .map(|row| (InvitationOf(row.get(0)), Invitation::from_row(row)));
        Ok(loaded.collect())
    }
}

impl Loader<ChildCountOf> for Loaders {
    type Value = i64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ChildCountOf]) -> Loaded<ChildCountOf, i64> {
        let users: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self.0.query(Sql::ChildCounts, &[&users]).await?;
        Ok(rows.iter().map(|row| (ChildCountOf(row.get(0)), row.get(1))).collect())
    }
}

impl Loader<ChildrenOf> for Loaders {
    type Value = Vec<User>;
    type Error = Arc<Error>;

    /// One statement per page size.
    async fn load(&self, keys: &[ChildrenOf]) -> Loaded<ChildrenOf, Vec<User>> {
        let mut parents: HashMap<i64, Vec<i64>> = HashMap::new();
        for key in keys {
            parents.entry(key.first).or_default().push(key.parent);
        }
        let mut loaded = HashMap::with_capacity(keys.len());
        for (first, parents) in parents {
            let rows = self.0.query(Sql::Children, &[&parents, &first]).await?;
            let key = |row: &Row| ChildrenOf {
                parent: row.get(0),
                first,
            };
            loaded.extend(lists(&rows, key, |row| User::from_row(row, 1)));
        }
        Ok(loaded)
    }
}

fn lists<K: Eq + Hash, V>(rows: &[Row], key: impl Fn(&Row) -> K, value: impl Fn(&Row) -> V) -> HashMap<K, Vec<V>> {
    let mut lists: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        lists.entry(key(row)).or_default().push(value(row));
    }
    lists
}
