//! Why an operation is not executed.

use async_graphql::ServerError;

use crate::http::error::HttpError;

/// Refused by HTTP's means, or by GraphQL's.
#[derive(Debug)]
pub enum RequestError {
    /// The request is not one of GraphQL, or may not be made: a status of its own, always plain JSON.
    HttpError(HttpError),
    /// It is one, but its document, operation or variables are wrong: entries of `errors` without `data`.
    Errors(Vec<ServerError>),
}

impl From<HttpError> for RequestError {
    fn from(refusal: HttpError) -> Self {
        Self::HttpError(refusal)
    }
}

impl From<ServerError> for RequestError {
    fn from(error: ServerError) -> Self {
        Self::Errors(vec![error])
    }
}
