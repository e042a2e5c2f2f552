//! Sweeps over rows in key order, in bounded batches. Each row is examined once, and no batch blocks other
//! transactions for long.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

/// Result of one batch of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResult<K> {
    /// Number of rows changed or deleted.
    pub changed: i64,
    /// Last examined key, after which the next batch starts; `None` at the end.
    pub next: Option<K>,
}

/// The row that a statement of a sweep returns unless there was nothing to examine: `changed`, `looked_at`, and the
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
    /// Converts a chunk; one with fewer than `limit` examined rows is the last.
    pub(super) fn from_chunk(chunk: Option<Chunk<K>>, limit: i64) -> Self {
        match chunk {
            None => Self { changed: 0, next: None },
            Some(chunk) => Self {
                changed: chunk.changed,
                next: (chunk.looked_at >= limit).then_some(chunk.last),
            },
        }
    }

    /// Maps the last key to one value of its row.
    pub(super) fn by<V>(self, value: impl FnOnce(K) -> V) -> BatchResult<V> {
        BatchResult {
            changed: self.changed,
            next: self.next.map(value),
        }
    }
}
