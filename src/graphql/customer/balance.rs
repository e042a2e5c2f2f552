//! Balance of a user in one coin.

use async_graphql::SimpleObject;

use crate::graphql::scalars::Decimal;
use crate::loaders as stored;

/// Balance of the user in one coin, with pending amounts.
#[derive(SimpleObject)]
pub(super) struct Balance {
    /// Host application's coin ID.
    coin_id: String,
    /// Sum of the settled awards. Reversed awards are not included.
    settled: Decimal,
    /// Sum of the pending awards; not included in `settled`.
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
