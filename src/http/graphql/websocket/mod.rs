//! GraphQL over WebSocket (graphql-transport-ws).

pub mod connection;
pub mod operation;
pub mod protocol;
pub mod upgrade;
