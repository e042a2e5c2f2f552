//! Write operations, one per file, each with its transaction.
//!
//! A verb fails with a [`Failure`]: a rejection that the caller can correct (`…Rejection`), or a [`ServiceError`], an
//! internal fault for the log.

pub mod act_for_users;
pub mod api_keys;
pub mod backfill_job;
pub mod bridge_day;
mod budgeted_sign_ins;
pub mod business_zone;
pub mod cancel_reservation;
pub mod cancel_run;
pub mod correct_awards;
pub mod count_reservations;
pub mod create_reservation_campaign;
mod day_order;
pub mod enter_beacon;
pub mod erase_user;
pub mod export;
pub mod grant_awards;
pub mod host_feed;
pub mod import;
mod invitation_checks;
pub mod jobs;
pub mod launch_reservations;
pub mod make_up_sign_in;
pub mod pause_job;
pub mod preview_invitation;
pub mod process_heartbeat;
mod reached_bonuses;
pub mod record_read;
pub mod record_task;
pub mod record_tasks;
pub mod register_user;
pub mod register_users;
pub mod renew_text_forms;
pub mod reopen_days;
pub mod request_run;
pub mod reserve;
pub mod sessions;
pub mod set_invitation;
pub mod set_rule;
pub mod sign_in_today;
pub mod submit_word;
pub mod user_slots;
pub mod webhooks;
pub mod word_campaigns;
pub mod zone_watch;

pub use crate::store::bounded::PgPool;
pub use crate::store::failure::{Failure, ServiceError};

/// Result of an idempotent change.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied<T> {
    /// State after the request.
    pub state: T,
    /// False if it was the same before.
    pub changed: bool,
}

impl<T> Applied<T> {
    fn now(state: T) -> Self {
        Self { state, changed: true }
    }

    fn before(state: T) -> Self {
        Self { state, changed: false }
    }
}

/// Returns random bytes from the operating system.
fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
