//! Context of one request: viewer, time, language and data sources.

use std::sync::{Arc, OnceLock};

use crate::service::PgPool;
use async_graphql::Context;
use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::loaders::Loaders;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::draw_keys::DrawKeys;
use crate::domain::language::Language;
use crate::live::AwardChanges;
use crate::loaders::{Reads, Reservations, Viewer, WordDraws};
use crate::service::sign_in_today::SignIns;
use crate::service::user_slots::UserSlots;
use crate::state::AppState;

/// Context of one request, stored in the request's data: `Request::new(…).data(RequestContext::new(…))`.
pub struct RequestContext {
    /// User of the request's session key, if it has one. See [`Self::viewer`].
    pub viewer: Option<Viewer>,
    /// Time of the request, taken once so that a request across midnight uses a single business day.
    pub moment: BusinessTime,
    pub calendar: Calendar,
    pub language: Language,
    pub request_id: String,
    pub reads: Reads,
    pub pool: PgPool,
    pub sign_ins: SignIns,
    pub award_changes: AwardChanges,
    pub(super) user_slots: UserSlots,
    pub draw_keys: DrawKeys,
    reservations: Reservations,
    word_draws: WordDraws,
    loaders: OnceLock<Loaders>,
}

impl RequestContext {
    pub fn new(
        state: &AppState,
        viewer: Option<Viewer>,
        at: DateTime<Utc>,
        language: Language,
        request_id: String,
    ) -> Self {
        Self {
            moment: state.calendar.moment(at),
            calendar: state.calendar,
            language,
            request_id,
            reads: state.reads.clone(),
            pool: state.pools.api.clone(),
            sign_ins: state.sign_ins.clone(),
            award_changes: state.award_changes.clone(),
            user_slots: state.user_slots.clone(),
            draw_keys: state.draw_keys.clone(),
            reservations: state.reservations.clone(),
            word_draws: state.word_draws.clone(),
            loaders: OnceLock::new(),
            viewer,
        }
    }

    /// Returns the context of the request that a resolver serves.
    pub(super) fn of<'a>(context: &Context<'a>) -> &'a Self {
        context.data_unchecked()
    }

    /// Returns the loaders of the request, which are created on first use: most requests need none.
    pub(super) fn loaders(&self) -> &Loaders {
        let create = || Loaders::new(&self.reads, &self.reservations, &self.word_draws);
        self.loaders.get_or_init(create)
    }

    /// Returns the first instant of the next business day.
    pub(super) fn next_day_at(&self) -> DateTime<Utc> {
        self.calendar.next_day_starts_at(self.moment.at)
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
