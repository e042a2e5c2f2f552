//! One process, composed of all other modules, for all roles.

mod authenticators;
mod readiness;
mod router;

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;

use crate::clock::Clock;
use crate::config::{Origins, PoolSizes};
use crate::domain::business_day::Calendar;
use crate::domain::draw_keys::DrawKeys;
use crate::domain::grant::ApprovalLimit;
use crate::http::{AllowedHosts, AllowedOperations, ReadinessChecks};
use crate::scheduler::Scheduler;
use crate::scheduler::manifest::ManifestProblems;
use crate::state::AppState;
use crate::store::bounded::Database;
use crate::store::pools::{PoolBounds, Pools};
use crate::web::playground::{Playground, PublicKeys};

/// The parts of one process. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub state: AppState,
    /// Job registry and run requests; jobs are executed only after [`Scheduler::run`].
    pub jobs: Scheduler,
    /// Playground pages for the APIs, if enabled.
    pub playground: Option<Playground>,
    /// Public keys that the start page shows; only in a demo.
    pub demo: Option<PublicKeys>,
}

/// Policy for the demo's public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoKeys {
    Taken,
    Refused,
}

/// Restrictions on clients and operations. By default any operation is allowed, for pages of newbee's own origin and
/// for clients other than browsers.
#[derive(Debug, Default)]
pub struct ClientRules {
    pub cors_origins: Origins,
    pub allowed_operations: Option<AllowedOperations>,
    /// Hosts whose requests are accepted, on every path.
    pub hosts: AllowedHosts,
}

impl App {
    /// Starts the batchers, which requires a runtime; does not access the database.
    ///
    /// # Errors
    /// Returns an error if the job manifests, those of `manifests` or else those of
    /// [`manifest::load`](crate::scheduler::manifest::load), are invalid.
    pub fn start(
        database: &Database,
        sizes: PoolSizes,
        clock: Clock,
        calendar: Calendar,
        manifests: Option<&Path>,
    ) -> Result<Self, ManifestProblems> {
        let pools = Pools::with_bounds(database, PoolBounds::of(sizes));
        Self::with_pools(pools, clock, calendar, manifests)
    }

    /// [`App::start`] with existing pools.
    ///
    /// # Errors
    /// Returns the errors of [`App::start`].
    pub fn with_pools(
        pools: Pools,
        clock: Clock,
        calendar: Calendar,
        manifests: Option<&Path>,
    ) -> Result<Self, ManifestProblems> {
        let jobs = Scheduler::load(pools.clone(), clock.clone(), calendar, manifests)?;
        Ok(Self::assemble(pools, clock, calendar, jobs))
    }

    /// Starts the batchers of a process that runs no jobs and needs no manifests.
    pub fn start_without_jobs(database: &Database, api_connections: u32, clock: Clock, calendar: Calendar) -> Self {
        let pools = Pools::connect_lazily(database, api_connections);
        let jobs = Scheduler::new(pools.clone(), clock.clone(), calendar, Vec::new());
        Self::assemble(pools, clock, calendar, jobs)
    }

    fn assemble(pools: Pools, clock: Clock, calendar: Calendar, jobs: Scheduler) -> Self {
        Self {
            state: AppState::start(pools, clock, calendar),
            jobs,
            playground: None,
            demo: None,
        }
    }

    /// Sets the keys of word draws.
    pub fn with_draw_keys(mut self, keys: DrawKeys) -> Self {
        self.state.draw_keys = keys;
        self
    }

    /// Sets the sum above which a grant needs the approval of a second author.
    pub fn with_approval_limit(mut self, limit: ApprovalLimit) -> Self {
        self.state.approval_limit = limit;
        self
    }

    /// Returns the readiness checks, which use the same paths as customer requests.
    pub fn readiness(&self) -> ReadinessChecks {
        let state = self.state.clone();
        Arc::new(move || {
            let state = state.clone();
            async move { readiness::check(&state).await }.boxed()
        })
    }
}
