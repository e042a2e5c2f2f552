//! Write operations, one per file, each with its transaction.
//!
//! Rejections that the caller can correct are values (`…Rejection`, `…Outcome`); a [`ServiceError`] is an internal
//! fault, for the log.

pub mod api_keys;
pub mod backfill_job;
pub mod business_zone;
pub mod cancel_reservation;
pub mod cancel_run;
pub mod correct_awards;
pub mod count_reservations;
pub mod create_reservation_campaign;
pub mod enter_beacon;
pub mod erase_user;
mod invitation_checks;
pub mod jobs;
pub mod launch_reservations;
pub mod pause_job;
pub mod preview_invitation;
pub mod process_heartbeat;
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
pub mod word_campaigns;
pub mod zone_watch;

use std::sync::Arc;

pub use crate::store::bounded::PgPool;

use crate::batcher::BatchError;
use crate::domain::draw_keys::DrawKeyUnknown;
use crate::store::transaction::AsSqlError;
use crate::store::unavailable::{Unavailable, unavailable};

/// Internal fault of an operation, not caused by its input. Cheap to clone, because one failed statement can affect
/// many callers of a batch.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("the database failed: {0}")]
    Database(Arc<sqlx::Error>),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("inconsistent data: {0}")]
    InconsistentData(&'static str),
    /// The limit of [`user_slots`] was reached.
    #[error("the user has too many writes in progress")]
    UserBusy,
    #[error(transparent)]
    DrawKeyUnknown(#[from] DrawKeyUnknown),
}

impl ServiceError {
    /// Returns true if the service is overloaded, so that the same request may succeed in a few seconds.
    pub fn is_overload(&self) -> bool {
        self.unavailable() == Some(Unavailable::Busy)
    }

    /// Returns true if the database is overloaded or unavailable, so that the same request may succeed in a few
    /// seconds.
    pub fn is_unavailable(&self) -> bool {
        self.unavailable().is_some()
    }

    fn unavailable(&self) -> Option<Unavailable> {
        match self {
            Self::Batch(error) => (*error == BatchError::Overloaded).then_some(Unavailable::Busy),
            Self::Database(error) => unavailable(error),
            Self::InconsistentData(_) | Self::DrawKeyUnknown(_) => None,
            Self::UserBusy => Some(Unavailable::Busy),
        }
    }
}

impl From<sqlx::Error> for ServiceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl AsSqlError for ServiceError {
    fn as_sql_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

/// Returns random bytes from the operating system.
fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
