//! The scheduler and its jobs, each against a database of its own.

mod attention;
mod audit_books;
mod backfill_job;
mod cancel_run;
pub mod cli;
mod close_day;
mod days;
mod dry_run;
mod expire_due;
pub mod house;
mod logs;
mod pause_job;
mod pay_reservations;
mod prune_history;
mod replicas;
mod runs;
pub mod settle_awards;
