//! All integration tests of newbee, in one binary: one cluster per run, one database per test.

mod architecture;
mod browser;
mod clients;
mod customer;
mod database;
mod deployment;
mod faults;
mod host;
mod jobs;
mod legacy;
mod live;
mod ops;
mod process;
mod support;
mod transport;
