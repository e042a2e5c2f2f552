//! What the host and ops do.

mod corrections;
mod rules;
