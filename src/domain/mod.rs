//! Nouns and rules, pure and synchronous: no database, network or async runtime.

pub mod api_key;
pub mod audit;
pub mod award;
pub mod beacon;
pub mod bls;
pub mod business_day;
pub mod correction;
pub mod date;
pub mod draw_keys;
pub mod id;
pub mod invitation;
pub mod language;
pub mod money;
pub mod number;
pub mod process;
pub mod reservation;
pub mod rule;
pub mod session;
pub mod task;
pub mod text;
pub mod tries;
pub mod user;
pub mod word;
pub mod word_commitment;
pub mod word_draw;
