//! Operations of operators through the admin API.

mod api_keys;
mod audit_log;
mod bridge_day;
mod budgets;
mod business_days;
mod corrections;
mod dates;
mod grants;
mod inputs;
mod jobs;
mod lists;
mod processes;
mod reservation_campaigns;
mod rule_texts;
mod schema;
pub mod scopes;
mod set_rule;
mod user_export;
mod users;
mod word_campaigns;
