//! The customer API: a file per mutation or read.

mod clock;
pub mod me;
mod mutations;
mod nodes;
mod pages;
mod pasted;
mod preview_invitation;
mod races;
mod repeated_lists;
mod reserve;
mod schema;
mod session_lookups;
mod set_invitation;
mod sign_in;
mod submit_word;
mod today_tasks;
mod word_draw;
