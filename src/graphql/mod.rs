//! The GraphQL APIs: schemas, types and errors. Thin: they read through `read` and write through `service`.
//!
//! A schema is built without a database; everything that a request needs comes with it, in its [`RequestContext`].

mod admin;
mod award_kinds;
mod cursor;
mod customer;
mod draw_parts;
mod errors;
mod loaders;
mod paging;
mod scalars;
mod schema_text;
mod scope;

pub use admin::{ADMIN_COST, AdminContext, AdminSchema, ApiCaller, InProcess, admin_schema, admin_sdl};
pub use customer::{CUSTOMER_COST, CustomerSchema, customer_schema, sdl};
pub use errors::{Code, client_error};
pub use paging::{DEFAULT_PAGE, EXPECTED_ROWS, LARGEST_PAGE};
pub use scalars::check_scalar;
pub use scope::{Backend, RequestContext, SubscriptionStarted};

/// The most that a query of a schema may be, as its validation counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostLimits {
    /// Levels of fields.
    pub depth: usize,
    /// What all fields cost together.
    pub complexity: usize,
}

/// A nullable field that may fail: its failure blanks the field alone. (`Result<Option<T>>` would blank its parent.)
type NullableField<T> = Option<async_graphql::Result<T>>;
