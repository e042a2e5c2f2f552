//! Sweeps over rows in key order, in bounded batches. Each row is examined once, and no batch blocks other
//! transactions for long.

/// Result of one batch of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResult<K> {
    /// Number of rows changed or deleted.
    pub changed: i64,
    /// Last examined key, after which the next batch starts; `None` at the end.
    pub next: Option<K>,
}

/// Row that a statement of a sweep returns unless there was nothing to examine.
pub(super) struct Chunk<K> {
    pub changed: i64,
    pub looked_at: i64,
    /// Key of the last examined row.
    pub last: K,
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
}

impl<K> BatchResult<(K, bool)> {
    /// Converts the result of a sweep from old to young rows, whose chunks also tell whether they met a row that is too
    /// young: the sweep ends there.
    pub(super) fn until_younger(self) -> BatchResult<K> {
        BatchResult {
            changed: self.changed,
            next: self.next.filter(|(_, met_younger)| !met_younger).map(|(key, _)| key),
        }
    }
}
