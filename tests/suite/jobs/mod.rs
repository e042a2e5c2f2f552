//! The scheduler and its jobs, each against a database of its own.

mod attention;
mod audit_books;
mod backfill_job;
mod cancel_run;
mod close_day;
mod dry_run;
mod exit_codes;
mod expire_due;
mod logs;
mod pause_job;
mod pay_reservations;
mod prune_history;
mod replicas;
mod runs;
mod settle_awards;
mod wrong_clocks;
