//! All of newbee's integration tests, in one binary: one cluster a run, one database a test.

mod architecture;
mod migrations;
mod private_postgres;
mod support;
