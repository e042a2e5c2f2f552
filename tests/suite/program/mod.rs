//! The real program: as processes that are started, asked, told to stop, and killed.

mod audit;
mod bad_input;
mod corpus;
mod demo;
mod doors;
mod hostile;
mod limits;
mod schema;
mod schema_quality;
mod secrets;
pub mod settlement;
mod walk_through;
