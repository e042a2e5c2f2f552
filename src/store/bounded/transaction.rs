//! Transactions whose begin, commit and rollback have a deadline.

use std::ops::{Deref, DerefMut};

use sqlx::postgres::PgTransactionManager;
use sqlx_core::transaction::TransactionManager;

use super::PgConnection;

/// Transaction, or savepoint in one. Dropping it without a commit rolls it back asynchronously: see
/// [`PgTransaction::rollback`].
#[derive(Debug)]
pub struct PgTransaction<'c> {
    connection: Held<'c>,
    is_open: bool,
}

/// Connection of a transaction.
#[derive(Debug)]
pub(super) enum Held<'c> {
    Owned(PgConnection),
    Borrowed(&'c mut PgConnection),
}

impl From<PgConnection> for Held<'static> {
    fn from(connection: PgConnection) -> Self {
        Self::Owned(connection)
    }
}

impl<'c> From<&'c mut PgConnection> for Held<'c> {
    fn from(connection: &'c mut PgConnection) -> Self {
        Self::Borrowed(connection)
    }
}

impl<'c> PgTransaction<'c> {
    pub(super) async fn begin(connection: Held<'c>) -> sqlx::Result<Self> {
        let mut this = Self {
            connection,
            // Until the transaction has begun, sqlx rolls it back itself.
            is_open: false,
        };
        let begin = this.session.begin();
        let (raw, health) = this.parts();
        // A savepoint has the limits of its transaction.
        let begin = begin.filter(|_| PgTransactionManager::get_transaction_depth(raw) == 0);
        health.within_deadline(PgTransactionManager::begin(raw, begin)).await?;
        this.is_open = true;
        Ok(this)
    }

    /// Commits. After an error it is unknown whether the transaction was committed, unless Postgres itself rejected
    /// it.
    ///
    /// # Errors
    /// Returns an error if Postgres rejects the commit, the connection is lost, or the answer is late.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        let (raw, health) = self.parts();
        health.within_deadline(PgTransactionManager::commit(raw)).await?;
        self.is_open = false;
        Ok(())
    }

    /// Rolls back now: a dropped transaction is rolled back asynchronously and holds its locks until then.
    ///
    /// # Errors
    /// Returns an error if the connection is lost or the answer is late; the server then rolls back by itself.
    pub async fn rollback(mut self) -> sqlx::Result<()> {
        let (raw, health) = self.parts();
        if health.is_broken() {
            // The connection will be closed, which rolls back.
            return Ok(());
        }
        health.within_deadline(PgTransactionManager::rollback(raw)).await?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for PgTransaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // Sent before the next use of the connection: at the latest, the ping before it is returned to the pool.
            PgTransactionManager::start_rollback(self.parts().0);
        }
    }
}

impl Deref for PgTransaction<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.connection {
            Held::Owned(connection) => connection,
            Held::Borrowed(connection) => connection,
        }
    }
}

impl DerefMut for PgTransaction<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.connection {
            Held::Owned(connection) => connection,
            Held::Borrowed(connection) => connection,
        }
    }
}
