//! The real program: as processes that are started, asked, told to stop, and killed.

mod attacks;
mod audit;
mod award_commands;
mod bad_input;
mod clients;
mod command_values;
mod completions;
mod corpus;
mod demo;
mod endpoints;
mod floods;
mod home_page;
mod hostile;
mod json_output;
mod limits;
mod ops_commands;
mod outputs;
mod playground;
mod schema;
mod schema_quality;
mod secrets;
pub mod settlement;
mod time_zone;
mod user_limits;
mod walk_through;
