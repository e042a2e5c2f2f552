//! Application state of one process, for all roles.

mod readiness;

use std::path::Path;
use std::sync::Arc;

use crate::store::bounded::PgPool;
use futures_util::FutureExt;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use crate::batcher::BatcherLimits;
use crate::clock::Clock;
use crate::config::{AccessSettings, Origins};
use crate::demo::DEMO_API_KEY;
use crate::domain::api_key::ApiKey;
use crate::domain::business_day::Calendar;
use crate::domain::draw_keys::DrawKeys;
use crate::domain::id::UserId;
use crate::domain::session::SessionKey;
use crate::graphql::{self, AdminContext, ApiCaller, Backend, RequestContext};
use crate::http::{
    self, AllowedHosts, AllowedOperations, AuthUnavailable, Authenticator, Endpoints, GraphqlEndpoint, HttpState,
    KeyKind, LegacyEndpoint, ReadinessChecks, RequestLimits, Router, Schemas,
};
use crate::live::{AwardChanges, SubscriberLimits};
use crate::loaders::{Reads, Reservations, Sessions, WordDraws};
use crate::messages::Message;
use crate::scheduler::Scheduler;
use crate::scheduler::manifest::ManifestProblems;
use crate::service::sign_in_today::SignIns;
use crate::service::user_slots::UserSlots;
use crate::store::api_keys;
use crate::store::pools::Pools;
use crate::store::transaction::retrying_idempotent;
use crate::web;
use crate::web::home::HomePage;
use crate::web::playground::{self, Playground, PublicKeys};

/// Connection pools and batchers of one process.
#[derive(Clone)]
pub struct App {
    pub pools: Pools,
    pub clock: Clock,
    pub calendar: Calendar,
    pub sessions: Sessions,
    pub backend: Backend,
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
        database: &PgConnectOptions,
        api_connections: u32,
        clock: Clock,
        calendar: Calendar,
        manifests: Option<&Path>,
    ) -> Result<Self, ManifestProblems> {
        Self::with_pools(
            Pools::connect_lazily(database, api_connections),
            clock,
            calendar,
            manifests,
        )
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
    pub fn start_without_jobs(
        database: &PgConnectOptions,
        api_connections: u32,
        clock: Clock,
        calendar: Calendar,
    ) -> Self {
        let pools = Pools::connect_lazily(database, api_connections);
        let jobs = Scheduler::new(pools.clone(), clock.clone(), calendar, Vec::new());
        Self::assemble(pools, clock, calendar, jobs)
    }

    fn assemble(pools: Pools, clock: Clock, calendar: Calendar, jobs: Scheduler) -> Self {
        let limits = BatcherLimits::default();
        // Around midnight, the sign-ins of a day must not overtake those of the day before, because a streak never
        // moves backwards.
        let one_at_a_time = BatcherLimits {
            batches_in_flight: 1,
            ..limits
        };
        let backend = Backend {
            calendar,
            reads: Reads::start(pools.api.clone(), limits),
            reservations: Reservations::start(pools.api.clone(), limits),
            word_draws: WordDraws::start(pools.api.clone(), limits),
            pool: pools.api.clone(),
            sign_ins: SignIns::start(pools.api.clone(), calendar, one_at_a_time),
            award_changes: AwardChanges::start(pools.live.clone(), SubscriberLimits::default()),
            user_slots: UserSlots::default(),
            draw_keys: DrawKeys::none(),
        };
        Self {
            jobs,
            sessions: Sessions::start(pools.api.clone(), limits),
            pools,
            clock,
            calendar,
            backend,
            playground: None,
            demo: None,
        }
    }

    /// Sets the keys of word draws. Without a key, word campaigns can neither be created nor claimed.
    pub fn with_draw_keys(mut self, keys: DrawKeys) -> Self {
        self.backend.draw_keys = keys;
        self
    }

    /// Returns the router of all HTTP endpoints. Cancelling `draining` makes the process report that it is not ready.
    pub fn router(
        &self,
        demo_keys: DemoKeys,
        draining: CancellationToken,
        limits: RequestLimits,
        access: &AccessSettings,
        clients: ClientRules,
    ) -> Router {
        let keys = Arc::new(SessionKeys {
            sessions: self.sessions.clone(),
            clock: self.clock.clone(),
            demo_keys,
        });
        let legacy = LegacyEndpoint::new(Arc::clone(&keys), self.backend.clone(), self.clock.clone());
        let (backend, clock) = (self.backend.clone(), self.clock.clone());
        let introspection = access.introspection;
        let schemas = Schemas::new(move || match introspection {
            true => graphql::customer_schema(),
            false => graphql::customer_schema().disable_introspection().disable_suggestions(),
        });
        let customers = GraphqlEndpoint::new(schemas, keys, move |context, request| {
            let scope = RequestContext::new(
                &backend,
                context.caller,
                clock.now(),
                context.language,
                context.request_id.as_str().to_owned(),
            );
            request.data(scope)
        });
        let customers = customers
            .with_introspection(introspection)
            .allowing_only(clients.allowed_operations);
        let home = HomePage::new(self.playground.is_some(), introspection, self.demo.clone());
        let customer_api = http::graphql_api(Arc::new(customers), None);
        let admin_api = http::graphql_api(Arc::new(self.admin_endpoint(demo_keys)), Some(RequestLimits::admin()));
        let demo_api_key = (demo_keys == DemoKeys::Taken).then_some(DEMO_API_KEY);
        let endpoints = Endpoints {
            graphql: web::home::greet_browsers(&home, customer_api),
            admin: web::home::greet_browsers(&home, admin_api),
            legacy: http::legacy_api(legacy),
            ops: Some(web::ops::ops_page(demo_api_key, self.playground.is_some())),
            graphiql: self.playground.as_ref().map(playground::for_customers),
            admin_graphiql: self.playground.as_ref().map(playground::for_admins),
        };
        let state = HttpState::new(graphql::sdl(), self.readiness(), draining, limits, access)
            .with_user_writes(self.backend.user_slots.limits())
            .with_home(Arc::new(move |request| home.start_page(request)));
        http::only_for_hosts(clients.hosts, http::router(state, endpoints, &clients.cors_origins))
    }

    fn admin_endpoint(&self, demo_keys: DemoKeys) -> GraphqlEndpoint<ApiKeys> {
        let pool = self.pools.admin.clone();
        let keys = ApiKeys {
            pool: pool.clone(),
            demo_keys,
        };
        let (backend, jobs, clock) = (self.backend.clone(), self.jobs.clone(), self.clock.clone());
        GraphqlEndpoint::new(Schemas::new(graphql::admin_schema), keys, move |context, request| {
            // The endpoint rejects requests without a key; the fallback caller has no permissions.
            let caller = context.caller.unwrap_or_else(ApiCaller::nobody);
            let request_id = context.request_id.as_str().to_owned();
            request.data(AdminContext::new(
                &backend,
                jobs.clone(),
                pool.clone(),
                caller,
                clock.now(),
                context.language,
                request_id,
            ))
        })
    }

    /// Returns the readiness checks, which use the same paths as customer requests.
    pub fn readiness(&self) -> ReadinessChecks {
        let app = self.clone();
        Arc::new(move || {
            let app = app.clone();
            async move { readiness::check(&app).await }.boxed()
        })
    }
}

/// Authenticates users by session key.
struct SessionKeys {
    sessions: Sessions,
    clock: Clock,
    demo_keys: DemoKeys,
}

impl Authenticator for SessionKeys {
    type Caller = UserId;

    async fn authenticate(&self, key: &str) -> Result<Option<UserId>, AuthUnavailable> {
        let Some(key) = SessionKey::parse(key) else {
            return Ok(None);
        };
        if key.is_public_demo_key() && self.demo_keys == DemoKeys::Refused {
            return Ok(None);
        }
        let found = self.sessions.authenticate(&key, self.clock.now()).await;
        found.map_err(|error| AuthUnavailable(error.to_string()))
    }
}

/// Authenticates callers by API key: queries the database each time, so that revocation is effective immediately.
struct ApiKeys {
    pool: PgPool,
    demo_keys: DemoKeys,
}

impl Authenticator for ApiKeys {
    type Caller = ApiCaller;

    const KEYS: KeyKind = KeyKind::ApiKey;
    const MISSING_KEY: Option<Message> = Some(Message::ApiKeyNeeded);
    const UNKNOWN_KEY: Message = Message::ApiKeyUnknown;

    async fn authenticate(&self, key: &str) -> Result<Option<ApiCaller>, AuthUnavailable> {
        let Some(key) = ApiKey::parse(key) else {
            return Ok(None);
        };
        if key.is_public_demo_key() && self.demo_keys == DemoKeys::Refused {
            return Ok(None);
        }
        let found = retrying_idempotent!(api_keys::find_live(&self.pool, key.hash()));
        let found = found.map_err(|error| AuthUnavailable(error.to_string()))?;
        Ok(found.map(|key| ApiCaller::with_key(key.name, key.scopes)))
    }
}
