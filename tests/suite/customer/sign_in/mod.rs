//! The mutation `signInToday`.

mod clock;
mod races;
mod replies;
mod rules;
mod writes;
