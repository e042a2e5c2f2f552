//! Data about a user that requests read, each kind as a *part* of one statement.
//!
//! A part is a SELECT over the rows of `asked`, one per read. The parts that the waiting requests need are combined by
//! UNION ALL, so one round trip answers all of them; the rows of all parts therefore have the same wide columns, and
//! each part fills some of them. A part is one file: its SQL, its arguments and the type of its value. [`statement`]
//! writes the SQL around it.

pub mod awards;
pub mod balances;
pub mod children;
mod column;
pub mod forgiveness;
pub mod invitation;
pub mod offers;
mod part;
pub mod profile;
pub mod qualifications;
mod read_set;
mod rule_texts;
pub mod sessions;
pub mod sign_in;
pub mod statement;
pub mod tasks;

pub use part::{Part, Range};
pub use read_set::{ReadSet, Whose};

use column::Column;
use part::{Argument, PartSql, argument};
