//! The jobs, one file or folder each, with the trait that they implement.
//!
//! A new job is a file here, its lines in this file, and its manifest `jobs/<name>.toml`: the scheduler, the built-in
//! manifests, the command line and the admin API derive from [`ALL`].

mod coin_sums;
mod context;
mod job;
mod sweep;

pub mod audit_books;
pub mod close_day;
pub mod deliver_events;
pub mod expire_due;
pub mod pay_reservations;
pub mod prune_history;
pub mod settle_awards;

pub use context::{Interrupted, JobContext, JobEnd, NoDay, ReadContext};
pub use job::{AnyJob, Backlog, Job, ReadReport, named_counts};

/// All jobs of this program, by name.
pub static ALL: &[&dyn AnyJob] = &[
    &audit_books::AuditBooks::SCHEDULED,
    &close_day::CloseDay,
    &deliver_events::DeliverEvents,
    &expire_due::ExpireDue,
    &pay_reservations::PayReservations,
    &prune_history::PruneHistory,
    &settle_awards::SettleAwards,
];

/// Returns a job by its name.
pub fn find(name: &str) -> Option<&'static dyn AnyJob> {
    ALL.iter().copied().find(|job| job.name() == name)
}
