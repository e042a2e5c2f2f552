//! The mutation `signInToday`.

mod clock;
mod freezes;
mod races;
mod replies;
mod rules;
mod writes;
