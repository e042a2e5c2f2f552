//! The GraphQL executor behind a endpoint: one schema twice, to validate documents and to execute them.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::{
    ObjectType, Request, Response, Schema, SchemaBuilder, ServerError, SubscriptionType, ValidationMode, Value,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use super::inputs::InputTypes;

/// A schema to validate by and one to execute by, and the types that inputs are checked by.
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
    /// Builds both from a function that sets a builder up with its data and its limits of depth and complexity; it is
    /// called twice and must do the same each time. The function does not choose a validation mode.
    pub fn new(build: impl Fn() -> SchemaBuilder<Query, Mutation, Subscription>) -> Self {
        Self {
            // The limits are for what is executed, in which equal selections are merged.
            validating: only_validating(build())
                .limit_complexity(usize::MAX)
                .limit_depth(usize::MAX)
                .finish(),
            executing: build().validation_mode(ValidationMode::Fast).finish(),
            input_types: InputTypes::of::<Query, Mutation, Subscription>(),
        }
    }
}

/// Makes a schema validate documents strictly and execute none.
pub fn only_validating<Query, Mutation, Subscription>(
    schema: SchemaBuilder<Query, Mutation, Subscription>,
) -> SchemaBuilder<Query, Mutation, Subscription> {
    schema
        .validation_mode(ValidationMode::Strict)
        .extension(NothingIsExecuted)
}

/// Validates a document by a schema that is [`only_validating`], and returns what is wrong with it.
///
/// Leaves out what async-graphql 8.0.0-rc.5 reports although the specification allows it: a variable of type `[ID!]!` where
/// `[ID!]` is expected, a nullable variable where a default value stands in for null, and an argument in a field's complexity
/// whose variable has no value. [`InputTypes::check_document`] has checked the positions before.
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

/// A variable that is not defined is reported in other words: `Variable "$name" is not defined`.
fn is_about_an_absent_variable(message: &str) -> bool {
    let name = message
        .strip_prefix("Variable ")
        .and_then(|rest| rest.strip_suffix(" is not defined."));
    name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

/// Lets the executor stop after validation, which it does not offer by itself.
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

/// What the endpoint asks of a schema, whatever its Rust types are.
pub trait Executor: Send + Sync {
    /// Returns what is wrong with the document of a request, whatever its operation. Nothing is executed.
    fn validate(&self, request: Request) -> BoxFuture<'_, Vec<ServerError>>;
    /// Executes an operation of a valid document, unless it is too deep or too complex. In a document that was not validated
    /// an unknown field is null.
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;
    /// The events of a subscription in a valid document, or the one reply that says why there are none.
    fn subscribe(&self, request: Request) -> BoxStream<'static, Response>;
    /// Whether there is anything to subscribe to.
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
