//! Authentication: the bearer key of a request, its lookup, and the requester that it names.

pub mod authenticator;
pub mod bearer;
pub mod requester;
