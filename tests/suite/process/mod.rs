//! The real program, as a process: the command line, `serve` and `demo`.

mod audit;
mod award_commands;
mod bad_input;
mod clients;
mod command_values;
mod completions;
mod demo;
mod endpoints;
mod grant_commands;
mod home_page;
mod json_output;
mod man;
pub mod metrics;
mod outputs;
mod playground;
mod reservation_campaigns;
mod schema;
mod schema_quality;
mod secrets;
mod set_rule;
mod setup;
mod status;
mod time_zone;
mod transfer;
mod users;
mod version;
pub mod walk_through;
