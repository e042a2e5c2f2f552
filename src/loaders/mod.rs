//! What many requests ask at once, answered together.
//!
//! Process-wide, without timer and without cache: what is asked while a statement is in flight goes out with the next one,
//! so the load on the database grows with time, not with requests. [`Reads`] answers everything below `me`, [`Reservations`]
//! and [`WordDraws`] the campaigns that anybody may look at, and [`Sessions`] says who asks. [`AwardChanges`] tells those who stay connected
//! what changes.

mod business_days;
pub mod error;
mod lookup;
pub mod ops;
mod reads;
mod reservations;
mod sessions;
pub mod words;

pub use crate::loaders::error::ReadError;
pub use crate::loaders::lookup::Lookup;
pub use crate::loaders::reads::{FromAnswer, Reads};
pub use crate::loaders::reservations::Reservations;
pub use crate::loaders::sessions::Sessions;
pub use crate::loaders::words::WordDraws;

pub use crate::store::me::{
    Answer, Ask, AwardFilter, Balance, Child, ChildKey, Profile, Range, SignIn, TaskCount, TaskRule,
};
pub use crate::store::reservations::{CampaignAsk, CampaignView};
