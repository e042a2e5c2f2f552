//! Why an operation is not executed.

use async_graphql::ServerError;

use crate::http::error::Refusal;

/// Refused by HTTP's means, or by GraphQL's.
#[derive(Debug)]
pub enum Stop {
    /// The request is not one of GraphQL, or may not be made: a status of its own, always plain JSON.
    Refusal(Refusal),
    /// It is one, but its document, operation or variables are wrong: entries of `errors` without `data`.
    Errors(Vec<ServerError>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<ServerError> for Stop {
    fn from(error: ServerError) -> Self {
        Self::Errors(vec![error])
    }
}
