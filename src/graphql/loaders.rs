//! Loaders by ID within one request: lookups by concurrent resolvers are combined into one query.
//!
//! The crate `dataloader` keeps its keys and does not survive a cancelled leader. A loader is therefore created per
//! request, and a caller without an answer runs the query itself. Values are results, because a batch function cannot
//! fail.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use dataloader::BatchFn;
use dataloader::non_cached::Loader;

use crate::domain::award::Award;
use crate::domain::id::{NodeId, UserId};
use crate::domain::word::WordCampaign;
use crate::domain::word_commitment::PublishedClaim;
use crate::loaders::me::awards::ReadAward;
use crate::loaders::me::children::{Child, ReadChild, ReadChildrenTotal};
use crate::loaders::words::{ClaimKey, ClaimsPage};
use crate::loaders::{CampaignAsk, CampaignView, Lookup, ReadSet, Reads, ServiceError};
use crate::state::AppState;

/// Loaders of one request.
pub(super) struct Loaders {
    reads: Reads,
    children_totals: Loader<UserId, Result<i64, ServiceError>, ChildrenTotals>,
    nodes: Loader<(UserId, NodeId), Result<Option<Reachable>, ServiceError>, Nodes>,
    pub reservations: ByKey<CampaignAsk, CampaignView>,
    pub word_campaigns: ByKey<i64, WordCampaign>,
    pub word_claims: ByKey<ClaimsPage, Vec<PublishedClaim>>,
    pub own_word_claims: ByKey<ClaimKey, PublishedClaim>,
}

/// Object with an ID that the viewer can reach.
#[derive(Clone)]
pub(super) enum Reachable {
    Award(Award),
    Child(Child),
}

impl Loaders {
    pub fn new(state: &AppState) -> Self {
        let (reads, word_draws) = (&state.reads, &state.word_draws);
        Self {
            children_totals: Loader::new(ChildrenTotals(reads.clone())),
            nodes: Loader::new(Nodes(reads.clone())),
            reservations: ByKey::new(state.reservations.clone()),
            word_campaigns: ByKey::new(word_draws.campaigns.clone()),
            word_claims: ByKey::new(word_draws.claims.clone()),
            own_word_claims: ByKey::new(word_draws.own_claims.clone()),
            reads: reads.clone(),
        }
    }

    /// Returns the number of children of a user.
    ///
    /// # Errors
    /// If the database fails or is overloaded.
    pub async fn children_total(&self, user: UserId) -> Result<i64, ServiceError> {
        match self.children_totals.try_load(user).await {
            Ok(total) => total,
            Err(_) => self.reads.read(user, ReadChildrenTotal).await,
        }
    }

    /// Returns the viewer's award or child with this ID; `None` for other users' objects and for user IDs.
    ///
    /// # Errors
    /// If the database fails or is overloaded.
    pub async fn reachable(&self, viewer: UserId, id: NodeId) -> Result<Option<Reachable>, ServiceError> {
        match self.nodes.try_load((viewer, id)).await {
            Ok(found) => found,
            Err(_) => {
                let mut found = Nodes(self.reads.clone()).load(&[(viewer, id)]).await;
                found.remove(&(viewer, id)).unwrap_or(Ok(None))
            }
        }
    }
}

/// Loader of rows by key.
pub(super) struct ByKey<Key, Row>
where
    Key: Clone + Eq + Hash + Send + Sync + 'static,
    Row: Clone + Send + Sync + 'static,
{
    loader: Loader<Key, Result<Option<Row>, ServiceError>, Lookup<Key, Row>>,
    lookup: Lookup<Key, Row>,
}

impl<Key, Row> ByKey<Key, Row>
where
    Key: Clone + Debug + Eq + Hash + Send + Sync + 'static,
    Row: Clone + Send + Sync + 'static,
{
    fn new(lookup: Lookup<Key, Row>) -> Self {
        Self {
            loader: Loader::new(lookup.clone()),
            lookup,
        }
    }

    /// Returns the row with this key; `None` if there is none.
    ///
    /// # Errors
    /// If the database fails or is overloaded.
    pub async fn load(&self, key: Key) -> Result<Option<Row>, ServiceError> {
        match self.loader.try_load(key.clone()).await {
            Ok(found) => found,
            Err(_) => {
                let found = self.lookup.find_all(vec![key]).await.pop();
                found.unwrap_or(Err(ServiceError::LOST))
            }
        }
    }
}

impl<Key, Row> BatchFn<Key, Result<Option<Row>, ServiceError>> for Lookup<Key, Row>
where
    Key: Clone + Eq + Hash + Send + Sync + 'static,
    Row: Clone + Send + Sync + 'static,
{
    async fn load(&mut self, keys: &[Key]) -> HashMap<Key, Result<Option<Row>, ServiceError>> {
        let found = self.find_all(keys.to_vec()).await;
        keys.iter().cloned().zip(found).collect()
    }
}

struct ChildrenTotals(Reads);

impl BatchFn<UserId, Result<i64, ServiceError>> for ChildrenTotals {
    async fn load(&mut self, users: &[UserId]) -> HashMap<UserId, Result<i64, ServiceError>> {
        let mut reads = ReadSet::default();
        users.iter().for_each(|user| reads.add(*user, ReadChildrenTotal));
        let mut reads = self.0.run(reads).await;
        let total = |user: &UserId| (*user, reads.take(*user, &ReadChildrenTotal));
        users.iter().map(total).collect()
    }
}

struct Nodes(Reads);

impl BatchFn<(UserId, NodeId), Result<Option<Reachable>, ServiceError>> for Nodes {
    async fn load(
        &mut self,
        keys: &[(UserId, NodeId)],
    ) -> HashMap<(UserId, NodeId), Result<Option<Reachable>, ServiceError>> {
        let mut reads = ReadSet::default();
        for &(viewer, id) in keys {
            match id {
                NodeId::Award(id) => reads.add(viewer, ReadAward { id }),
                NodeId::Child(id) => reads.add(viewer, ReadChild { id }),
                // The viewer can reach no other user.
                NodeId::User(_) => {}
            }
        }
        let mut reads = self.0.run(reads).await;
        let reachable = |&(viewer, id): &(UserId, NodeId)| {
            let found = match id {
                NodeId::Award(id) => reads
                    .take(viewer, &ReadAward { id })
                    .map(|mut awards| awards.pop().map(Reachable::Award)),
                NodeId::Child(id) => reads
                    .take(viewer, &ReadChild { id })
                    .map(|mut children| children.pop().map(Reachable::Child)),
                NodeId::User(_) => Ok(None),
            };
            ((viewer, id), found)
        };
        keys.iter().map(reachable).collect()
    }
}
