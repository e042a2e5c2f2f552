//! Middleware applied to every request, on any path.

pub mod access_log;
pub mod compression;
pub mod cors;
pub mod host_check;
pub mod language;
pub mod log_sampler;
pub mod origin;
pub mod rate_limit;
pub mod request_context;
pub mod trace;
