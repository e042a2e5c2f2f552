//! The rule for text that people type or paste, at every endpoint that takes some.

mod encodings;
mod names;
mod pasted;
mod renewal;
