//! The HTTP door over real sockets, in front of a schema of a few fields.

mod allowed_operations;
mod audit;
mod compression;
mod cross_site;
mod documents;
mod hostile;
mod logs;
mod persisted;
mod protocol;
mod serving;
mod sessions;
mod support;
mod surroundings;
