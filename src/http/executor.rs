//! The GraphQL executor behind a door: one schema twice, with strict and with fast validation.

use async_graphql::{ObjectType, Request, Response, Schema, SchemaBuilder, SubscriptionType, ValidationMode};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use super::inputs::InputTypes;

/// How much of a document the executor still has to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// Everything: the document is new here.
    Strict,
    /// Its cost alone: this very document has passed the strict validation before. Anything else executed this way
    /// answers an unknown field with null.
    Known,
}

/// A schema in its two modes of validation, and the types its variables are checked by.
pub struct Schemas<Query, Mutation, Subscription> {
    strict: Schema<Query, Mutation, Subscription>,
    known: Schema<Query, Mutation, Subscription>,
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
            strict: build().validation_mode(ValidationMode::Strict).finish(),
            known: build().validation_mode(ValidationMode::Fast).finish(),
            input_types: InputTypes::of::<Query, Mutation, Subscription>(),
        }
    }
}

/// Removes what the library's own rule on the positions of variables reports, and returns whether nothing else was wrong, so
/// that the operation may be executed without that rule.
///
/// The rule of async-graphql 8.0.0-rc.5 refuses what the specification allows: a variable of type `[ID!]!` where `[ID!]` is
/// expected, and a nullable variable where a default value stands in for null. [`InputTypes::check_document`] has checked
/// the positions before.
pub(super) fn forget_positions(response: &mut Response) -> bool {
    let before = response.errors.len();
    response
        .errors
        .retain(|error| !is_about_a_position(&error.message) || !error.path.is_empty());
    before > 0 && response.errors.is_empty()
}

fn is_about_a_position(message: &str) -> bool {
    message.starts_with("Variable \"") && message.contains("\" used in position expecting type \"")
}

/// What the door asks of a schema, whatever its Rust types are.
pub(super) trait Executor: Send + Sync {
    fn execute(&self, request: Request, validation: Validation) -> BoxFuture<'_, Response>;
    /// The events of a subscription, or the one reply that says why there are none. Always validated strictly.
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
    fn execute(&self, request: Request, validation: Validation) -> BoxFuture<'_, Response> {
        match validation {
            Validation::Strict => self.strict.execute(request).boxed(),
            Validation::Known => self.known.execute(request).boxed(),
        }
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.strict.execute_stream(request)
    }

    fn is_live(&self) -> bool {
        !Subscription::is_empty()
    }

    fn input_types(&self) -> &InputTypes {
        &self.input_types
    }
}
