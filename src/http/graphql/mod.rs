//! GraphQL over HTTP: from the bytes of a request to the bytes of its response.

pub mod documents;
pub mod endpoint;
pub mod errors;
pub mod executor;
pub mod guard;
pub mod handler;
pub mod inputs;
pub mod operation;
pub mod parse_errors;
pub mod query_text;
pub mod request;
pub mod request_error;
pub mod response;
mod response_json;
pub mod subscriptions;
pub mod types;
pub mod websocket;
