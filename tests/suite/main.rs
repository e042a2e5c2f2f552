//! All of newbee's integration tests, in one binary: one cluster a run, one database a test.

mod api;
mod architecture;
mod graphql;
mod http;
mod migrations;
mod private_postgres;
mod program;
mod reservations;
mod scheduler;
mod support;
