//! All of newbee's integration tests, in one binary: one cluster a run, one database a test.

mod admin;
mod api;
mod architecture;
mod browser;
mod clients;
mod faults;
mod graphql;
mod guards;
mod http;
mod legacy;
mod live;
mod metrics;
mod migrations;
mod private_postgres;
mod program;
mod reservations;
mod sane_values;
mod scheduler;
mod support;
mod text;
mod words;
