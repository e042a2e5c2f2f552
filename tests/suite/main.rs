//! All of newbee's integration tests, in one binary: one cluster a run, one database a test.

mod architecture;
mod browser;
mod clients;
mod customer;
mod database;
mod faults;
mod host;
mod jobs;
mod legacy;
mod live;
mod ops;
mod process;
mod support;
mod transport;
