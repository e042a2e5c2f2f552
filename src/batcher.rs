//! Batching of concurrent loads: keys that are requested while a batch is in progress wait for the next batch.
//!
//! There is no cache, and keys do not wait for more keys: a single key starts a batch at once, so a single request costs
//! one round trip. Keys that arrive while a batch is in flight form the next batch when it ends. Large batches cost less
//! per key, so a further batch starts earlier only if the latest one takes long, as behind a lock or a slow disk. Each
//! batch runs in a separate task, so a caller that is dropped does not cancel the others, and a panic is an error only
//! for its own batch.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::metrics;

/// Limits of a batcher.
#[derive(Clone, Copy, Debug)]
pub struct BatcherLimits {
    /// Maximum number of keys in a batch.
    pub keys_per_batch: usize,
    /// Maximum number of concurrent batches.
    pub batches_in_flight: usize,
    /// Time after which the next batch no longer waits for the end of the latest one.
    pub patience: Duration,
    /// Maximum number of waiting keys; further keys are rejected at once.
    pub queue: usize,
}

impl Default for BatcherLimits {
    fn default() -> Self {
        Self {
            keys_per_batch: 256,
            batches_in_flight: 4,
            patience: Duration::from_millis(10),
            queue: 8_192,
        }
    }
}

/// Reason why a load failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error("too many requests are waiting")]
    Overloaded,
    #[error("the batch ended without a result")]
    Lost,
}

struct Waiter<K, V> {
    key: K,
    answer: oneshot::Sender<V>,
}

/// Handle of a batcher. Clones share the batcher, which ends when the last one is dropped.
pub struct Batcher<K, V> {
    queue: mpsc::Sender<Waiter<K, V>>,
}

impl<K, V> Clone for Batcher<K, V> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<K: Send + 'static, V: Send + 'static> Batcher<K, V> {
    /// Starts a batcher; must be called within a Tokio runtime. `run` receives the keys of one batch, including
    /// duplicates, and must return one value per key, in the same order.
    pub fn start<F, Answers>(limits: BatcherLimits, run: F) -> Self
    where
        F: Fn(Vec<K>) -> Answers + Send + Sync + 'static,
        Answers: Future<Output = Vec<V>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(limits.queue);
        tokio::spawn(dispatch(limits, waiting, Arc::new(run)));
        Self { queue }
    }

    /// Returns the value of one key, from the next batch.
    ///
    /// # Errors
    /// [`BatchError::Overloaded`] if the queue is full; [`BatchError::Lost`] if the batch panicked or the batcher has
    /// ended.
    pub async fn load(&self, key: K) -> Result<V, BatchError> {
        let (answer, answered) = oneshot::channel();
        self.queue
            .try_send(Waiter { key, answer })
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => BatchError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => BatchError::Lost,
            })?;
        answered.await.map_err(|_| BatchError::Lost)
    }
}

async fn dispatch<K, V, F, Answers>(limits: BatcherLimits, mut waiting: mpsc::Receiver<Waiter<K, V>>, run: Arc<F>)
where
    K: Send + 'static,
    V: Send + 'static,
    F: Fn(Vec<K>) -> Answers + Send + Sync + 'static,
    Answers: Future<Output = Vec<V>> + Send + 'static,
{
    let in_flight = Arc::new(Semaphore::new(limits.batches_in_flight));
    loop {
        // Wait before taking keys: all keys that arrive meanwhile form one batch.
        let permit = in_flight
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let mut batch = Vec::new();
        if waiting.recv_many(&mut batch, limits.keys_per_batch).await == 0 {
            return;
        }
        let run = run.clone();
        let (ends, ended) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let _ends = ends;
            // Skip keys whose callers were dropped.
            let (keys, answers): (Vec<K>, Vec<oneshot::Sender<V>>) = batch
                .into_iter()
                .filter(|waiter| !waiter.answer.is_closed())
                .map(|waiter| (waiter.key, waiter.answer))
                .unzip();
            if !keys.is_empty() {
                let (count, began) = (keys.len(), std::time::Instant::now());
                let values = run(keys).await;
                metrics::batch_done(count, began.elapsed());
                debug_assert_eq!(values.len(), answers.len());
                for (answer, value) in answers.into_iter().zip(values) {
                    let _ = answer.send(value);
                }
            }
            drop(permit);
        });
        // The sender is dropped at the end of the batch, also if it panics.
        let _ = timeout(limits.patience, ended).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::Notify;

    use super::*;

    type Batches = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Returns a batcher that doubles numbers, records its batches, and blocks each batch until the semaphore has a
    /// permit.
    fn doubling(limits: BatcherLimits) -> (Batcher<u32, u32>, Batches, Arc<Semaphore>, Arc<Notify>) {
        let (batches, gate, started) = (Batches::default(), Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
        let (seen, held, begun) = (batches.clone(), gate.clone(), started.clone());
        let batcher = Batcher::start(limits, move |keys: Vec<u32>| {
            let (seen, held, begun) = (seen.clone(), held.clone(), begun.clone());
            async move {
                seen.lock().unwrap().push(keys.clone());
                begun.notify_one();
                held.acquire().await.unwrap().forget();
                assert!(!keys.contains(&13), "an unlucky batch");
                keys.iter().map(|key| key * 2).collect()
            }
        });
        (batcher, batches, gate, started)
    }

    /// A batch never takes long enough for the next one to start beside it.
    fn one_at_a_time() -> BatcherLimits {
        BatcherLimits {
            patience: Duration::from_secs(3_600),
            ..BatcherLimits::default()
        }
    }

    #[tokio::test]
    async fn keys_requested_during_a_batch_share_the_next_one() {
        let (batcher, batches, gate, started) = doubling(one_at_a_time());
        let first = tokio::spawn({
            let b = batcher.clone();
            async move { b.load(1).await }
        });
        started.notified().await;
        let rest = futures_util::future::join_all([2, 3, 2].map(|key| batcher.load(key)));
        let (rest, _) = tokio::join!(rest, async { gate.add_permits(2) });
        assert_eq!(first.await.unwrap(), Ok(2));
        assert_eq!(rest, [Ok(4), Ok(6), Ok(4)]);
        assert_eq!(*batches.lock().unwrap(), [vec![1], vec![2, 3, 2]]);
    }

    #[tokio::test]
    async fn a_batch_starts_beside_one_that_takes_long() {
        let limits = BatcherLimits {
            patience: Duration::from_millis(1),
            ..BatcherLimits::default()
        };
        let (batcher, _, gate, started) = doubling(limits);
        let load = |key| {
            let batcher = batcher.clone();
            tokio::spawn(async move { batcher.load(key).await })
        };
        let first = load(1);
        started.notified().await;
        let second = load(2);
        started.notified().await;
        gate.add_permits(2);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok(2), Ok(4)));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_only_for_its_batch() {
        let (batcher, _, gate, _) = doubling(one_at_a_time());
        gate.add_permits(2);
        assert_eq!(batcher.load(13).await, Err(BatchError::Lost));
        assert_eq!(batcher.load(4).await, Ok(8));
    }

    #[tokio::test]
    async fn a_dropped_caller_does_not_cancel_others() {
        let (batcher, _, gate, started) = doubling(one_at_a_time());
        let leader = tokio::spawn({
            let b = batcher.clone();
            async move { b.load(1).await }
        });
        started.notified().await;
        let follower = tokio::spawn({
            let b = batcher.clone();
            async move { b.load(5).await }
        });
        leader.abort();
        gate.add_permits(2);
        assert_eq!(follower.await.unwrap(), Ok(10));
    }

    #[tokio::test]
    async fn a_full_queue_rejects_at_once() {
        let (batcher, _, gate, started) = doubling(BatcherLimits {
            queue: 1,
            ..one_at_a_time()
        });
        let first = tokio::spawn({
            let b = batcher.clone();
            async move { b.load(1).await }
        });
        started.notified().await;
        let second = tokio::spawn({
            let b = batcher.clone();
            async move { b.load(2).await }
        });
        while batcher.queue.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(batcher.load(3).await, Err(BatchError::Overloaded));
        gate.add_permits(2);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok(2), Ok(4)));
    }
}
