//! A user's settled and pending amounts, by coin.

use rust_decimal::Decimal;
use sqlx::postgres::PgRow;

use super::{Column, Part, PartSql};
use crate::domain::id::UserId;

/// Amounts of a user in one coin.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    pub coin_id: String,
    /// Sum of the ledger entries.
    pub settled: Decimal,
    /// Sum of the awards that are not yet settled.
    pub pending: Decimal,
}

/// Read of all balances, by coin.
#[derive(Clone, PartialEq)]
pub struct ReadBalances;

static SQL: PartSql<ReadBalances> = PartSql {
    arguments: &[],
    columns: &[
        (Column::Text1, "coin.coin_id"),
        (Column::Amount1, "coin.settled"),
        (Column::Amount2, "coin.pending"),
    ],
    from: "cross join lateral (
    select coin_id, sum(settled) as settled, sum(pending) as pending
    from (
        select coin_id, settled, 0::numeric as pending from balances where user_id = asked.user_id{user_id}
        union all
        select coin_id, 0, amount from awards
        where status = 'PENDING' and user_id = asked.user_id{user_id}
    ) both_sums
    group by coin_id
) coin",
    from_of_shard: None,
};

impl Part for ReadBalances {
    type Value = Vec<Balance>;

    fn sql(&self) -> &'static PartSql<Self> {
        &SQL
    }

    fn add_row(&self, _: UserId, balances: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        balances.push(Balance {
            coin_id: Column::Text1.of(row)?,
            settled: Column::Amount1.of(row)?,
            pending: Column::Amount2.of(row)?,
        });
        Ok(())
    }

    fn sort(balances: &mut Self::Value) {
        balances.sort_by(|a, b| a.coin_id.cmp(&b.coin_id));
    }
}
