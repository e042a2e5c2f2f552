//! What happens to real processes on real machines: they are stopped and woken, lose their database, and have wrong clocks.
//! Whatever it is, each award is settled once and each due time run once.

mod by_hand;
#[cfg(target_os = "linux")]
mod clocks;
mod downtime;
mod half_open;
mod lost_at_commit;
mod poolers;
mod postgres;
mod read_only;
mod silent_migrations;
mod sleepers;
mod tls;
mod unavailable;
mod zones;
