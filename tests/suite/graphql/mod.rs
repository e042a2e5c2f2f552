//! The customer API against a database: whole replies, and how many statements they take.

mod batches;
mod failures;
mod me;
mod mutations;
mod nodes;
mod pages;
mod schema;
mod sessions;
mod today;
mod world;
