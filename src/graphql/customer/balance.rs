//! What a user owns of a coin.

use async_graphql::SimpleObject;

use crate::graphql::scalars::Decimal;
use crate::loaders as stored;

/// What the user owns of one coin, and what is on the way.
#[derive(SimpleObject)]
pub(super) struct Balance {
    /// The host application's own id of the coin.
    coin_id: String,
    /// The sum of the settled awards. An award that is taken back leaves it.
    settled: Decimal,
    /// The sum of the pending awards, which is not yet part of `settled`.
    pending: Decimal,
}

impl From<stored::Balance> for Balance {
    fn from(balance: stored::Balance) -> Self {
        Self {
            coin_id: balance.coin_id,
            settled: Decimal(balance.settled),
            pending: Decimal(balance.pending),
        }
    }
}
