//! The customer API over real sockets: races, and a clock that moves.

mod bindings;
mod clock;
mod lists;
mod previews;
mod races;
mod rules;
mod statements;
mod tasks;
