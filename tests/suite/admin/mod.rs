//! What the host and ops do.

mod business_days;
mod campaigns;
mod corrections;
mod dates;
mod erasure;
mod inputs;
mod jobs;
mod keys;
mod processes;
mod rules;
mod schema;
pub mod scopes;
mod sessions;
mod support_desk;
mod tasks;
mod users;
