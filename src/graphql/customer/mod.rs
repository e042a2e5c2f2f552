//! The customer API: what a user of the host application may see and do. Its SDL is `schema.graphql` at the top level.

mod award;
mod balance;
mod child;
mod clock;
mod connection;
mod invitation;
mod invitation_preview;
mod list;
pub mod lookahead;
mod me;
mod mutation;
mod node;
mod query;
mod reservation;
mod sign_in;
mod subscription;
mod task;
mod user_error;
mod word;

use async_graphql::{Schema, SchemaBuilder};

use super::{CostLimits, schema_text};
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

/// The schema of the customer API.
pub type CustomerSchema = Schema<Query, Mutation, Subscription>;

/// GraphiQL's introspection has 15 levels, which count like others. Each field costs 1, a connection 5 and its page size times
/// what is selected of a row, a list without pages 100 and 20 times that, a preview of a code 200, a page of shares 500.
pub const CUSTOMER_COST: CostLimits = CostLimits {
    depth: 20,
    complexity: 5_000,
};

const DESCRIPTION: &str = "\
newbee, the rewards service of a chat community: newcomer awards, daily awards with a daily sign-in, invitations, and \
reservations.

Send the header `Authorization: Bearer <session key>`; without it `me` is null. Everything a person sees hangs below `me`. \
A field is null when its own data could not be read; an entry of `errors` then says so, and the rest of the answer stands. \
What a person can set right is in `userErrors` of a mutation.

Subscriptions are answered as server-sent events to a request with the header `Accept: text/event-stream`, and over a WebSocket at the same path with the subprotocol `graphql-transport-ws`, whose `connection_init` may carry the session key as `{\"Authorization\": \"Bearer <session key>\"}`.

A query may be 20 levels deep and cost 5,000: each field costs 1, a connection 5 and its page size times what is selected of \
a row, a list without pages 100 and 20 times what is selected of a row, `previewInvitation` 200, a page of `shares` 500. \
Without a session key a query may have 10 fields at its root. Lists hold 20 rows a page unless `first` or `last` says otherwise, and at most 100.";

/// Sets the schema up; nothing is connected. What a request needs comes with it, as a
/// [`RequestContext`](super::RequestContext).
pub fn customer_schema() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
        .limit_depth(CUSTOMER_COST.depth)
        .limit_complexity(CUSTOMER_COST.complexity)
}

/// The schema as text, in a stable order.
pub fn sdl() -> String {
    schema_text::text(customer_schema(), DESCRIPTION)
}
