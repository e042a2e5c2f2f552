//! The HTTP endpoint over real sockets, in front of a schema of a few fields.

mod allowed_operations;
mod audit;
mod compression;
mod connections;
mod cors;
mod documents;
pub mod h2;
mod hostile;
mod inputs;
mod keys_first;
mod logs;
mod ops_page;
mod persisted;
mod protocol;
mod rates;
mod serving;
mod sessions;
mod site;
mod support;
mod surroundings;
mod uniqueness;
mod untaken;
