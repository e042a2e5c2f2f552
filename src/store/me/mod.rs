//! Data about a user that requests read, each kind as a *part* of one statement.
//!
//! A part is a SELECT over the rows of `asked`. The parts that the waiting requests need are combined by UNION ALL,
//! so one round trip answers all of them; the rows of all parts therefore have the same wide columns, and each part
//! fills some of them. A part defines its parameters and its columns; [`statement`] writes the SQL around it.

mod ask;
mod awards;
mod balances;
mod children;
mod column;
mod invitation;
mod profile;
pub mod sessions;
mod sign_in;
pub mod statement;
mod tasks;

use sqlx::postgres::PgRow;

use ask::Argument;
pub use ask::{Answer, Ask, AwardFilter, Part, Range};
pub use balances::Balance;
pub use children::{Child, ChildKey};
use column::Column;
pub use profile::Profile;
pub use sign_in::SignIn;
pub use tasks::{TaskCount, TaskRule};

/// Definition of a part: its SQL, and how its rows are read.
struct PartSpec {
    /// Columns of its `asked` rows.
    asked: &'static [Argument],
    /// Expressions of the wide columns that the part fills.
    columns: &'static [(Column, &'static str)],
    /// SQL after `from unnest(…) as asked(…, slot)`.
    from: &'static str,
    /// Creates the answer without rows.
    empty: fn() -> Answer,
    /// Adds a row to the answer.
    take: fn(&Ask, &mut Answer, &PgRow) -> sqlx::Result<()>,
}

/// Panics for a row that does not fit its answer: `PartSpec::empty` and `take` of one part disagree, which any test
/// of it detects.
fn mismatch() -> ! {
    unreachable!("a part's rows always fit the answer that the part began with")
}
