//! A user's settled and pending amounts, by coin.

use rust_decimal::Decimal;

use super::{Answer, Argument, Column, PartSpec, mismatch};

/// Amounts of a user in one coin.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    pub coin_id: String,
    /// Sum of the ledger entries.
    pub settled: Decimal,
    /// Sum of the awards that are not yet settled.
    pub pending: Decimal,
}

pub(super) static BALANCES: PartSpec = PartSpec {
    asked: &[Argument::UserId],
    columns: &[
        (Column::Text1, "coin.coin_id"),
        (Column::Amount1, "coin.settled"),
        (Column::Amount2, "coin.pending"),
    ],
    from: "cross join lateral (
    select coin_id, sum(settled) as settled, sum(pending) as pending
    from (
        select coin_id, settled, 0::numeric as pending from balances where user_id = asked.user_id
        union all
        select coin_id, 0, amount from awards
        where status = 0 and user_id = asked.user_id
    ) both_sums
    group by coin_id
) coin",
    empty: || Answer::Balances(Vec::new()),
    take: |_, answer, row| {
        let Answer::Balances(balances) = answer else { mismatch() };
        balances.push(Balance {
            coin_id: Column::Text1.of(row)?,
            settled: Column::Amount1.of(row)?,
            pending: Column::Amount2.of(row)?,
        });
        Ok(())
    },
};
