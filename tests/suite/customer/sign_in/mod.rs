//! Signing in.

mod rules;
