//! The mutation `setInvitation`.

mod guesses;
mod races;
mod replies;
