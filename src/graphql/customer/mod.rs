//! The customer API: queries and mutations for users of the host application. Its SDL is `schema.graphql` in the root
//! directory.

mod award;
mod balance;
mod child;
mod clock;
mod connection;
mod flat;
mod forgiveness;
mod invitation;
mod invitation_preview;
mod list;
mod me;
mod mutation;
mod node;
mod offers;
mod qualification;
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

/// Cost limits of an operation. GraphiQL's introspection query has 15 levels, which count like others. Each field costs
/// 1, a connection 5 plus its page size times the cost of a row, a list without pages 100 plus 20 times the cost of a
/// row, a preview of a code 200, a page of shares 500.
pub const CUSTOMER_COST: CostLimits = CostLimits {
    depth: 20,
    complexity: 5_000,
};

const DESCRIPTION: &str = "\
newbee is the rewards service of a chat community: newcomer awards, daily awards with a daily sign-in, invitations, \
word campaigns and reservations.

Send the header `Authorization: Bearer <session key>`; without it `me` is null. All data of the user is under `me`. A \
field is null if its own data could not be read; `errors` then has an entry for it, and the rest of the reply is \
valid. Errors that the user can fix are in `userErrors` of a mutation.

Subscriptions are served as server-sent events for a request with the header `Accept: text/event-stream`, and over a \
WebSocket at the same path with the subprotocol `graphql-transport-ws`, whose `connection_init` may carry the session \
key as `{\"Authorization\": \"Bearer <session key>\"}`.

A query may be 20 levels deep and cost 5,000: each field costs 1, a connection 5 plus its page size times the cost of \
a row, a list without pages 100 plus 20 times the cost of a row, `previewInvitation` 200, and a page of `shares` 500. \
Without a session key a query may have 10 root fields. A page has 20 rows unless `first` or `last` is given, and at \
most 100.";

/// Returns a builder for the schema, without opening connections. Each request supplies its data in a
/// [`RequestContext`](super::RequestContext).
pub fn customer_schema() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
        .limit_depth(CUSTOMER_COST.depth)
        .limit_complexity(CUSTOMER_COST.complexity)
}

/// Returns the schema as SDL in a stable order.
pub fn sdl() -> String {
    schema_text::text(customer_schema(), DESCRIPTION)
}
