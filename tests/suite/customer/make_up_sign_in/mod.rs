//! The mutation `makeUpSignIn`.

mod bonuses;
mod races;
mod replies;
