//! Faults of real processes: stopped and continued, without a database, and with wrong clocks.
//! In every case each award is settled once and each due time is run once.

mod by_hand;
mod citus;
#[cfg(target_os = "linux")]
mod clocks;
mod downtime;
mod fail_over;
mod half_open;
mod lost_at_commit;
mod pgbouncer;
mod poolers;
mod postgres;
mod read_only;
mod read_replicas;
mod silent_migrations;
mod sleepers;
mod tls;
mod unavailable;
mod zones;
