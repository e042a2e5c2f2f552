//! The customer API: a file per mutation or read.

mod flat_lists;
mod make_up_sign_in;
pub mod me;
mod nodes;
mod pages;
mod pasted;
mod preview_invitation;
mod qualifications;
mod repeated_lists;
mod reserve;
mod schema;
mod session_lookups;
mod set_invitation;
mod sign_in;
mod submit_word;
mod today_tasks;
mod word_draw;
