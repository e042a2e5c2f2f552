//! State that all requests of a process share: pools, loaders, writes in batches, calendar and clock. Both the GraphQL
//! APIs and the legacy API use it.

use crate::batcher::BatcherLimits;
use crate::clock::Clock;
use crate::domain::business_day::Calendar;
use crate::domain::draw_keys::DrawKeys;
use crate::domain::grant::ApprovalLimit;
use crate::live::{AwardChanges, SubscriberLimits};
use crate::loaders::ops::OpsReads;
use crate::loaders::{Reads, Reservations, Sessions, WordDraws};
use crate::service::sign_in_today::SignIns;
use crate::service::user_slots::UserSlots;
use crate::store::pools::Pools;
use crate::store::replicas::ReadPool;

/// Shared state of a process. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub pools: Pools,
    pub clock: Clock,
    pub calendar: Calendar,
    pub sessions: Sessions,
    pub reads: Reads,
    pub reservations: Reservations,
    pub word_draws: WordDraws,
    pub ops: OpsReads,
    pub sign_ins: SignIns,
    pub award_changes: AwardChanges,
    pub user_slots: UserSlots,
    /// Keys of word draws. Without a key, word campaigns can neither be created nor claimed.
    pub draw_keys: DrawKeys,
    /// Sum above which a grant needs the approval of a second author.
    pub approval_limit: ApprovalLimit,
    /// Loaders that read from the primary.
    primary: Loaders,
}

/// Loaders that read from the same servers.
#[derive(Clone)]
struct Loaders {
    reads: Reads,
    reservations: Reservations,
    word_draws: WordDraws,
    ops: OpsReads,
}

impl AppState {
    /// Starts the batchers, which requires a runtime; does not access the database. There are no draw keys yet.
    pub fn start(pools: Pools, clock: Clock, calendar: Calendar) -> Self {
        let limits = BatcherLimits::default();
        let loaders = |customers: &ReadPool, operators: &ReadPool| Loaders {
            reads: Reads::start(customers.clone(), limits),
            reservations: Reservations::start(customers.clone(), limits),
            word_draws: WordDraws::start(customers.clone(), limits),
            ops: OpsReads(operators.clone()),
        };
        let primary = loaders(&pools.api.clone().into(), &pools.admin.clone().into());
        let usual = match pools.replicas {
            Some(_) => loaders(&pools.customer_reads, &pools.operator_reads),
            None => primary.clone(),
        };
        Self {
            sessions: Sessions::start(pools.api.clone(), limits),
            reads: usual.reads,
            reservations: usual.reservations,
            word_draws: usual.word_draws,
            ops: usual.ops,
            sign_ins: SignIns::start(pools.api.clone(), calendar, limits),
            award_changes: AwardChanges::start(pools.live.clone(), SubscriberLimits::default()),
            user_slots: UserSlots::default(),
            draw_keys: DrawKeys::none(),
            approval_limit: ApprovalLimit::default(),
            pools,
            clock,
            calendar,
            primary,
        }
    }

    /// Returns the state for mutations, whose reads stay on the primary.
    pub fn for_mutations(&self) -> Self {
        let Loaders {
            reads,
            reservations,
            word_draws,
            ops,
        } = self.primary.clone();
        Self {
            reads,
            reservations,
            word_draws,
            ops,
            ..self.clone()
        }
    }
}
