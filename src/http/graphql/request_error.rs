//! Reason why an operation is not executed.

use async_graphql::ServerError;

use crate::http::error::HttpError;

/// Error at the HTTP level or at the GraphQL level.
#[derive(Debug)]
pub enum RequestError {
    /// Not a valid or permitted GraphQL request: an HTTP error status, always with plain JSON.
    HttpError(HttpError),
    /// A GraphQL request with an error in its document, operation or variables: entries of `errors` without `data`.
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
