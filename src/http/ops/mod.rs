//! Endpoints for operators: health, readiness, metrics and the published limits.

pub mod health;
pub mod metrics;
pub mod published_limits;
