//! What operators do through the admin API.

mod api_keys;
mod business_days;
mod campaigns;
mod corrections;
mod dates;
mod inputs;
mod jobs;
mod processes;
mod reservation_campaigns;
mod schema;
pub mod scopes;
mod set_rule;
mod support_desk;
mod word_campaigns;
