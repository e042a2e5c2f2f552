//! The scheduler and its jobs against a real Postgres.

mod cli;
mod close_day;
pub mod house;
mod replicas;
mod runs;
mod settlement;
