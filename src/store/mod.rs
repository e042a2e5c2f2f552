//! All SQL statements, one file per noun: free functions over a connection, no repository traits.
//!
//! Statements are checked at compile time against `.sqlx/` (`sqlx::query!` and its relatives), except those assembled at
//! run time (`me/statement.rs`) or from a table (`book_audits/checks.rs`), and the few that say why.
//!
//! "Not found" is `Ok(None)`. Times are bound as parameters, never `now()`, except for leases, which use the
//! database's clock.

pub mod api_keys;
pub mod audit_log;
pub mod award_changes;
pub mod award_records;
pub mod award_timeline;
pub mod awards;
pub mod book_audits;
pub mod bounded;
pub mod bridges;
pub mod budgets;
pub mod business_days;
pub mod citus;
pub mod corrections;
pub mod demo;
pub mod erasure;
pub mod exports;
pub mod failure;
pub mod figures;
pub mod grants;
pub mod health;
pub mod host_deliveries;
pub mod host_endpoints;
pub mod host_feed;
pub mod imports;
pub mod installation;
pub mod invitations;
pub mod job_runs;
mod labels;
pub mod me;
pub mod migrations;
pub mod ops_lists;
pub mod pools;
pub mod processes;
pub mod replays;
pub mod replicas;
pub mod reservations;
pub mod rule_texts;
pub mod rules;
pub mod session_limits;
pub mod session_sharing;
pub mod sessions;
pub mod settlement;
pub mod sign_in_rules;
pub mod sign_ins;
pub mod streaks;
pub mod task_requests;
pub mod text_forms;
pub mod transaction;
pub mod tries;
pub mod unavailable;
mod unnamed;
pub mod user_export;
pub mod user_records;
pub mod users;
pub mod walk;
pub mod words;

/// Migrations, embedded at compile time.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

pub mod day_statistics;
