//! The GraphQL APIs: schemas, types and errors. Resolvers read through `loaders` and write through `service`.
//!
//! A schema is built without a database. Each request supplies its data in a [`RequestContext`].

mod admin;
mod award_kinds;
mod context;
mod cursor;
mod customer;
mod draw_parts;
mod errors;
mod loaders;
mod paging;
mod rejections;
mod scalars;
mod schema_text;

pub use admin::{ADMIN_COST, AdminContext, AdminSchema, ApiCaller, InProcess, admin_schema, admin_sdl};
pub use context::{RequestContext, SubscriptionStarted};
pub use customer::{CUSTOMER_COST, CustomerSchema, customer_schema, sdl};
pub use errors::{Code, PublicError, client_error};
pub use paging::{DEFAULT_PAGE, EXPECTED_ROWS, LARGEST_PAGE};
pub use scalars::check_scalar;

/// Validation limits for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostLimits {
    /// Maximum nesting depth of fields.
    pub depth: usize,
    /// Maximum total cost of all fields.
    pub complexity: usize,
}

/// Nullable field whose error affects only the field itself. (An error in `Result<Option<T>>` would null its parent.)
type NullableField<T> = Option<async_graphql::Result<T>>;
