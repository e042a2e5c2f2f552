//! Batched reads: concurrent requests share statements.
//!
//! The batchers are process-wide, without a timer or cache: requests that arrive while a statement is in flight share
//! the next one, so the number of statements is limited by time, not by requests. [`Reads`] serves all fields of `me`,
//! [`Reservations`] and [`WordDraws`] serve public campaign data, and [`Sessions`] authenticates session keys.

mod business_days;
mod lookup;
pub mod ops;
mod reads;
mod reservations;
mod sessions;
mod viewer;
pub mod words;

pub use crate::loaders::lookup::Lookup;
pub use crate::loaders::reads::Reads;
pub use crate::loaders::reservations::Reservations;
pub use crate::loaders::sessions::Sessions;
pub use crate::loaders::viewer::Viewer;
pub use crate::loaders::words::WordDraws;

pub use crate::store::failure::ServiceError;
pub use crate::store::me;
pub use crate::store::me::balances::Balance;
pub use crate::store::me::children::{Child, ChildKey};
pub use crate::store::me::forgiveness::StreakRecord;
pub use crate::store::me::offers::Offer;
pub use crate::store::me::sign_in::SignIn;
pub use crate::store::me::tasks::{TaskCount, TaskRule};
pub use crate::store::me::{Part, Range, ReadSet, Whose};
pub use crate::store::reservations::{CampaignAsk, CampaignView};
