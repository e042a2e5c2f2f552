//! Endpoints and pages of a process, for the routing table of `http`.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::authenticators::{ApiKeys, SessionKeys, Viewers};
use super::{App, ClientRules, DemoKeys};
use crate::config::AccessSettings;
use crate::demo::DEMO_API_KEY;
use crate::graphql::{self, AdminContext, ApiCaller, RequestContext};
use crate::http::{
    self, AllowedOperations, Audience, Endpoints, GraphqlEndpoint, HttpState, LegacyEndpoint, RequestLimits, Router,
    Schemas,
};
use crate::web::home::HomePage;
use crate::web::ops::ops_page;
use crate::web::playground;

impl App {
    /// Returns the router of all HTTP endpoints. Cancelling `draining` makes the process report that it is not ready.
    pub fn router(
        &self,
        demo_keys: DemoKeys,
        draining: CancellationToken,
        limits: RequestLimits,
        access: &AccessSettings,
        clients: ClientRules,
    ) -> Router {
        self.router_for(Audience::Everyone, demo_keys, draining, limits, access, clients)
    }

    /// [`App::router`] with the endpoints of one audience. The rate limits of each router count on their own.
    pub fn router_for(
        &self,
        audience: Audience,
        demo_keys: DemoKeys,
        draining: CancellationToken,
        limits: RequestLimits,
        access: &AccessSettings,
        clients: ClientRules,
    ) -> Router {
        let home = HomePage::new(
            audience,
            self.playground.is_some(),
            access.introspection,
            self.demo.clone(),
        );
        let mut endpoints = Endpoints::default();
        if audience.has_customers() {
            let keys = Arc::new(SessionKeys {
                state: self.state.clone(),
                demo_keys,
            });
            let customers = self.customer_endpoint(
                Viewers(Arc::clone(&keys)),
                access.introspection,
                clients.allowed_operations,
            );
            endpoints.graphql = http::graphql_api(Arc::new(customers), None);
            endpoints.legacy = http::legacy_api(LegacyEndpoint::new(keys, self.state.clone()));
            endpoints.graphiql = self.playground.as_ref().map(playground::for_customers);
        }
        if audience.has_operators() {
            let demo_api_key = (demo_keys == DemoKeys::Taken).then_some(DEMO_API_KEY);
            let admin = self.admin_endpoint(demo_keys);
            endpoints.admin = http::graphql_api(Arc::new(admin), Some(RequestLimits::admin()));
            endpoints.ops = Some(ops_page(demo_api_key, self.playground.is_some()));
            endpoints.admin_graphiql = self.playground.as_ref().map(playground::for_admins);
        }
        let mut state = HttpState::new(graphql::sdl(), self.readiness(), draining, limits, access);
        state.audience = audience;
        state.user_writes = Some(self.state.user_slots.limits());
        state.pages = Some(Arc::new(home));
        http::only_for_hosts(clients.hosts, http::router(state, endpoints, &clients.cors_origins))
    }

    fn customer_endpoint(
        &self,
        keys: Viewers,
        introspection: bool,
        allowed: Option<AllowedOperations>,
    ) -> GraphqlEndpoint<Viewers> {
        let schemas = Schemas::new(move || match introspection {
            true => graphql::customer_schema(),
            false => graphql::customer_schema().disable_introspection().disable_suggestions(),
        });
        let (state, for_mutations) = (Arc::new(self.state.clone()), Arc::new(self.state.for_mutations()));
        let endpoint = GraphqlEndpoint::new(schemas, keys, move |context, request| {
            let state = if context.is_mutation { &for_mutations } else { &state };
            request.data(RequestContext::new(
                Arc::clone(state),
                context.caller,
                state.clock.now(),
                context.language,
                context.request_id.as_str().to_owned(),
            ))
        });
        endpoint.with_introspection(introspection).allowing_only(allowed)
    }

    fn admin_endpoint(&self, demo_keys: DemoKeys) -> GraphqlEndpoint<ApiKeys> {
        let state = self.state.clone();
        let keys = ApiKeys {
            state: state.clone(),
            demo_keys,
        };
        let (jobs, for_mutations) = (self.jobs.clone(), state.for_mutations());
        GraphqlEndpoint::new(Schemas::new(graphql::admin_schema), keys, move |context, request| {
            // The endpoint rejects requests without a key; the fallback caller has no permissions.
            let caller = context.caller.unwrap_or_else(ApiCaller::nobody);
            let state = if context.is_mutation { &for_mutations } else { &state };
            request.data(AdminContext::new(
                state,
                jobs.clone(),
                caller,
                state.clock.now(),
                context.language,
                context.request_id.as_str().to_owned(),
            ))
        })
    }
}
