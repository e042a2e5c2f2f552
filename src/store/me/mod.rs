//! What a request may read, each as a *part* of one statement.
//!
//! A part is a SELECT over the rows that were `asked` of it. Whatever parts the waiting requests need are put together by
//! UNION ALL, so one round trip answers all of them; the rows of all parts therefore have the same wide columns, of which
//! each part fills its own. A part says what it needs and what it gives; [`statement`] writes the SQL around it.

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

/// How a part is written and read.
struct PartSpec {
    /// The columns of its `asked` rows.
    asked: &'static [Argument],
    /// What it fills of the wide columns.
    columns: &'static [(Column, &'static str)],
    /// What follows `from unnest(…) as asked(…, slot)`.
    from: &'static str,
    /// The answer when no row comes.
    empty: fn() -> Answer,
    /// Adds a row to the answer.
    take: fn(&Ask, &mut Answer, &PgRow) -> sqlx::Result<()>,
}

/// A row came to an answer of another kind: `PartSpec::empty` and `take` of one part disagree, which any test of it shows.
fn mismatch() -> ! {
    unreachable!("a part's rows always fit the answer that the part began with")
}
