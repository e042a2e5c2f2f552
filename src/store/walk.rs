//! Walking rows by their key, a chunk at a time: no row is looked at twice, and none is waited for by everybody.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

/// What one batch of a walk did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResult<K> {
    /// Rows changed or deleted.
    pub changed: i64,
    /// The last key looked at, where the next batch goes on; `None` at the end.
    pub next: Option<K>,
}

/// The one row that a statement of a walk answers with, if it found anything to look at: `changed`, `looked_at`, and the
/// columns of the last key.
pub(super) struct Chunk<K> {
    changed: i64,
    looked_at: i64,
    last: K,
}

impl<'r, K: FromRow<'r, PgRow>> FromRow<'r, PgRow> for Chunk<K> {
    fn from_row(row: &'r PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            changed: row.try_get("changed")?,
            looked_at: row.try_get("looked_at")?,
            last: K::from_row(row)?,
        })
    }
}

impl<K> BatchResult<K> {
    /// A chunk that was not full came to the end.
    pub(super) fn from_chunk(chunk: Option<Chunk<K>>, limit: i64) -> Self {
        match chunk {
            None => Self { changed: 0, next: None },
            Some(chunk) => Self {
                changed: chunk.changed,
                next: (chunk.looked_at >= limit).then_some(chunk.last),
            },
        }
    }

    /// Names the last key by one value of its row.
    pub(super) fn by<V>(self, value: impl FnOnce(K) -> V) -> BatchResult<V> {
        BatchResult {
            changed: self.changed,
            next: self.next.map(value),
        }
    }
}
