//! Word campaigns: terms, draws that can be checked, and the commands for them.

mod admin_api;
mod awaiting;
mod command_line;
mod draws;
