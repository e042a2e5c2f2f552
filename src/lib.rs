//! The map of the house.
//!
//! | room | what is in it |
//! |---|---|
//! | [`domain`] | nouns and rules, pure and synchronous |
//! | [`store`] | every SQL statement |
//! | [`read`] | what many requests ask at once |
//! | [`service`] | verbs, each with its transaction |
//! | [`graphql`], [`http`] | the APIs of customers, host and ops, the legacy wire, and their endpoints |
//! | [`messages`] | what is said to people, one file per language |
//! | [`scheduler`] | due times, the run ledger, exactly one run |
//! | [`app`], [`cli`], [`demo`] | the parts put together, the subcommands, demo data |
//!
//! Arrows go one way: `domain ← store ← {read, service} ← {graphql, http, scheduler, cli} ← main`. Endpoints read through
//! `read` and write through `service`. Leaves that anyone may use: [`batcher`], [`causes`], [`clock`], [`config`], [`messages`],
//! [`metrics`], [`telemetry`], [`terminal`], [`private_postgres`]. A test guards it.

pub mod app;
pub mod batcher;
pub mod causes;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod live;
pub mod loaders;
pub mod messages;
pub mod metrics;
pub mod private_postgres;
pub mod scheduler;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod terminal;
pub mod web;
