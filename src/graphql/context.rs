//! Context of one request: viewer, time, language and data sources.

use std::sync::{Arc, OnceLock};

use crate::service::PgPool;
use async_graphql::Context;
use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::loaders::Loaders;
use crate::domain::business_day::BusinessTime;
use crate::domain::language::Language;
use crate::loaders::Viewer;
use crate::state::AppState;

/// Context of one request, stored in the request's data: `Request::new(…).data(RequestContext::new(…))`.
pub struct RequestContext {
    pub(super) state: Arc<AppState>,
    /// User of the request's session key, if it has one. See [`Self::viewer`].
    pub viewer: Option<Viewer>,
    /// Time of the request, taken once so that a request across midnight uses a single business day.
    pub moment: BusinessTime,
    pub language: Language,
    pub request_id: String,
    loaders: OnceLock<Loaders>,
}

impl RequestContext {
    pub fn new(
        state: Arc<AppState>,
        viewer: Option<Viewer>,
        at: DateTime<Utc>,
        language: Language,
        request_id: String,
    ) -> Self {
        Self {
            viewer,
            moment: state.calendar.moment(at),
            language,
            request_id,
            loaders: OnceLock::new(),
            state,
        }
    }

    /// Returns the pool of writes.
    pub(super) fn pool(&self) -> &PgPool {
        &self.state.pools.api
    }

    /// Returns the loaders of the request, which are created on first use: most requests need none.
    pub(super) fn loaders(&self) -> &Loaders {
        self.loaders.get_or_init(|| Loaders::new(&self.state))
    }

    /// Returns the context of the request that a resolver serves.
    pub(super) fn of<'a>(context: &Context<'a>) -> &'a Self {
        context.data_unchecked()
    }

    /// Returns the first instant of the next business day.
    pub(super) fn next_day_at(&self) -> DateTime<Utc> {
        self.state.calendar.next_day_starts_at(self.moment.at)
    }
}

/// Signals to the endpoint that a subscription has started, so that it does not confirm the stream earlier. Stored in
/// the data of a subscription request.
#[derive(Clone, Default)]
pub struct SubscriptionStarted(Arc<Notify>);

impl SubscriptionStarted {
    /// Sends the signal, if the request carries one.
    pub(super) fn tell(context: &Context<'_>) {
        if let Some(begun) = context.data_opt::<Self>() {
            begun.0.notify_one();
        }
    }

    /// Waits for the signal.
    pub async fn notified(&self) {
        self.0.notified().await;
    }
}
