//! The scheduler and its jobs against a real Postgres.

mod attention;
mod audit_books;
mod backfill;
mod cancelling;
pub mod cli;
mod close_day;
mod days;
mod dry_run;
mod expire_due;
pub mod house;
mod logs;
mod pausing;
mod prune_history;
mod replicas;
mod runs;
mod settlement;
