//! The admin API: the host application reports users, session keys and tasks; operators manage rules, campaigns, awards
//! and jobs. Its SDL is `admin.graphql` in this directory.
//!
//! The description of every root field names the scope that it needs; its resolver first checks the scope with
//! [`AdminContext::allowing`].

mod acts;
mod audit_log;
mod awards;
mod book_audits;
mod bridges;
mod budgets;
mod business_days;
mod changes;
mod context;
mod endpoints;
mod grant_parts;
mod grants;
mod in_process;
mod invite_conditions;
mod job_control;
mod job_parts;
mod jobs;
mod lists;
mod problem;
mod processes;
mod reservations;
mod rule_texts;
mod rules;
mod sessions;
mod tasks;
mod user_id;
mod user_parts;
mod user_records;
mod users;
mod viewer;
mod words;

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

use super::{CostLimits, schema_text};
pub use context::{AdminContext, ApiCaller};
pub use in_process::InProcess;

/// Queries of the admin API.
#[derive(Default, MergedObject)]
pub struct Query(
    viewer::ViewerQueries,
    rules::RuleQueries,
    words::WordQueries,
    reservations::ReservationQueries,
    awards::AwardQueries,
    awards::ParkedQueries,
    grants::GrantQueries,
    lists::ListQueries,
    budgets::BudgetQueries,
    user_records::UserQueries,
    audit_log::AuditQueries,
    jobs::JobQueries,
    business_days::DayQueries,
    bridges::BridgeQueries,
    book_audits::BookQueries,
    processes::ProcessQueries,
    changes::ChangeQueries,
    endpoints::EndpointQueries,
);

/// Mutations of the admin API.
#[derive(Default, MergedObject)]
pub struct Mutation(
    users::UserMutations,
    sessions::SessionMutations,
    tasks::TaskMutations,
    acts::ActMutations,
    rules::RuleMutations,
    words::WordMutations,
    reservations::ReservationMutations,
    awards::AwardMutations,
    grants::GrantMutations,
    job_control::JobMutations,
    bridges::BridgeMutations,
    endpoints::EndpointMutations,
);

/// The schema of the admin API.
pub type AdminSchema = Schema<Query, Mutation, EmptySubscription>;

/// Cost limits of an operation: each field costs 1, a list costs 5 plus 20 times the cost of a row.
pub const ADMIN_COST: CostLimits = CostLimits {
    depth: 20,
    complexity: 20_000,
};

const DESCRIPTION: &str = "\
The admin API of newbee: the host application registers users, session keys and tasks; operators manage rules, \
campaigns, awards and jobs.

Send the header `Authorization: Bearer <API key>`; keys are created with `newbee key create`. Each root field names \
the scope that the key needs: HOST, ACT, OPS_READ, OPS_WRITE or OPS_GRANT; the last two include OPS_READ. Rejections are in `problems` or \
`refused` of a payload; every change is recorded in the audit log.";

/// Returns a builder for the schema, without opening connections. Each request supplies its data in an
/// [`AdminContext`].
pub fn admin_schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .limit_depth(ADMIN_COST.depth)
        .limit_complexity(ADMIN_COST.complexity)
}

/// Returns the schema as SDL in a stable order.
pub fn admin_sdl() -> String {
    schema_text::text(admin_schema(), DESCRIPTION)
}
