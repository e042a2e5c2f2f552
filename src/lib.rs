//! The map of the house.
//!
//! Arrows go one way: `domain ← store ← {read, service} ← {graphql, http, scheduler, cli} ← main`. Doors read through
//! `read` and write through `service`; every SQL statement is in `store`. A test guards it.

pub mod batcher;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod graphql;
pub mod private_postgres;
pub mod service;
pub mod store;
pub mod telemetry;
