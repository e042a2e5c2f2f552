//! The customer API over real sockets: races, and a clock that moves.

mod clock;
mod races;
mod rules;
mod statements;
mod tasks;
