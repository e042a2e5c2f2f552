//! GraphQL executor of an endpoint: one schema for validation and one for execution.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::{
    ObjectType, Request, Response, Schema, SchemaBuilder, ServerError, SubscriptionType, ValidationMode, Value,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use super::inputs::InputTypes;

/// Schemas for validation and execution, and the types for input checks.
pub struct Schemas<Query, Mutation, Subscription> {
    validating: Schema<Query, Mutation, Subscription>,
    executing: Schema<Query, Mutation, Subscription>,
    input_types: InputTypes,
}

impl<Query, Mutation, Subscription> Schemas<Query, Mutation, Subscription>
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    /// Builds both from a function that returns a builder with its data and its depth and complexity limits. The
    /// function is called twice, must return equal builders, and does not choose a validation mode.
    pub fn new(build: impl Fn() -> SchemaBuilder<Query, Mutation, Subscription>) -> Self {
        Self {
            // The limits apply to execution, where equal selections are merged.
            validating: only_validating(build())
                .limit_complexity(usize::MAX)
                .limit_depth(usize::MAX)
                .finish(),
            executing: build().validation_mode(ValidationMode::Fast).finish(),
            input_types: InputTypes::of::<Query, Mutation, Subscription>(),
        }
    }
}

/// Configures a schema to validate documents strictly and to execute none.
pub fn only_validating<Query, Mutation, Subscription>(
    schema: SchemaBuilder<Query, Mutation, Subscription>,
) -> SchemaBuilder<Query, Mutation, Subscription> {
    schema
        .validation_mode(ValidationMode::Strict)
        .extension(NothingIsExecuted)
}

/// Validates a document by a schema built with [`only_validating`], and returns the errors.
///
/// Skips errors that async-graphql 8.0.0-rc.5 reports although the specification allows the document: a variable of
/// type `[ID!]!` where `[ID!]` is expected, a nullable variable where a default value replaces null, and an argument in
/// a field's complexity whose variable has no value. [`InputTypes::check_document`] has checked the positions before.
pub async fn validate<Query, Mutation, Subscription>(
    schema: &Schema<Query, Mutation, Subscription>,
    request: Request,
) -> Vec<ServerError>
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    let mut errors = schema.execute(request).await.errors;
    errors.retain(|error| !is_about_a_position(&error.message) && !is_about_an_absent_variable(&error.message));
    errors
}

fn is_about_a_position(message: &str) -> bool {
    message.starts_with("Variable \"") && message.contains("\" used in position expecting type \"")
}

/// An undefined variable is reported differently: `Variable "$name" is not defined`.
fn is_about_an_absent_variable(message: &str) -> bool {
    let name = message
        .strip_prefix("Variable ")
        .and_then(|rest| rest.strip_suffix(" is not defined."));
    name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

/// Extension that stops execution after validation, which the library does not offer.
struct NothingIsExecuted;

impl ExtensionFactory for NothingIsExecuted {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for NothingIsExecuted {
    async fn execute(&self, _: &ExtensionContext<'_>, _: Option<&str>, _: NextExecute<'_>) -> Response {
        Response::new(Value::Null)
    }
}

/// Operations of a schema, independent of its Rust types.
pub trait Executor: Send + Sync {
    /// Returns the validation errors of a request's document, for all of its operations. Nothing is executed.
    fn validate(&self, request: Request) -> BoxFuture<'_, Vec<ServerError>>;
    /// Executes an operation of a valid document, unless it is too deep or too complex. In a document that was not
    /// validated, an unknown field resolves to null.
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;
    /// Returns the events of a subscription in a valid document, or a single reply with the reason for failure.
    fn subscribe(&self, request: Request) -> BoxStream<'static, Response>;
    /// Returns true if the schema has subscriptions.
    fn is_live(&self) -> bool;
    fn input_types(&self) -> &InputTypes;
}

impl<Query, Mutation, Subscription> Executor for Schemas<Query, Mutation, Subscription>
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    fn validate(&self, request: Request) -> BoxFuture<'_, Vec<ServerError>> {
        validate(&self.validating, request).boxed()
    }

    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        self.executing.execute(request).boxed()
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.executing.execute_stream(request)
    }

    fn is_live(&self) -> bool {
        !Subscription::is_empty()
    }

    fn input_types(&self) -> &InputTypes {
        &self.input_types
    }
}
