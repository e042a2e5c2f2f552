//! Many callers, one piece of work: keys that are asked for while work is under way wait for the next batch.
//!
//! No timer and no cache. A key that comes alone starts at once, so one request alone pays one round trip; keys that come
//! while the allowed number of batches is in flight go out together when one of them is done. Each batch runs in a task of
//! its own, so a caller that goes away cancels nobody, and a panic is an error to those who waited, not the end of the batcher.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::metrics;

/// How much a batcher takes on.
#[derive(Clone, Copy, Debug)]
pub struct BatcherLimits {
    /// The most keys of one batch.
    pub keys_per_batch: usize,
    /// The most batches at work at the same time.
    pub batches_in_flight: usize,
    /// The most keys that may wait; one more is refused at once.
    pub queue: usize,
}

impl Default for BatcherLimits {
    fn default() -> Self {
        Self {
            keys_per_batch: 256,
            batches_in_flight: 2,
            queue: 8_192,
        }
    }
}

/// Why a key got no answer of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error("too many requests are waiting")]
    Overloaded,
    #[error("the batch ended without an answer")]
    Lost,
}

struct Waiter<K, V> {
    key: K,
    answer: oneshot::Sender<V>,
}

/// A handle to the batcher; clones share it. It ends when the last handle is dropped.
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
    /// Starts a batcher. `run` gets the keys of one batch, the same key more than once where it was asked more than once, and
    /// must answer with one value a key, in the same order.
    pub fn start<F, Answers>(limits: BatcherLimits, run: F) -> Self
    where
        F: Fn(Vec<K>) -> Answers + Send + Sync + 'static,
        Answers: Future<Output = Vec<V>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(limits.queue);
        tokio::spawn(dispatch(limits, waiting, Arc::new(run)));
        Self { queue }
    }

    /// The value of one key, from the next batch.
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
        // A permit first, keys second: whatever comes while all permits are out is one batch.
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
        tokio::spawn(async move {
            // Callers that have gone need no answer.
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
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::Notify;

    use super::*;

    type Batches = Arc<Mutex<Vec<Vec<u32>>>>;

    /// A batcher that doubles numbers, writes down its batches, and holds each batch until it is let go.
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

    fn one_at_a_time() -> BatcherLimits {
        BatcherLimits {
            batches_in_flight: 1,
            ..BatcherLimits::default()
        }
    }

    #[tokio::test]
    async fn keys_that_come_during_a_batch_share_the_next_one() {
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
    async fn a_panic_is_an_error_to_its_batch_alone() {
        let (batcher, _, gate, _) = doubling(one_at_a_time());
        gate.add_permits(2);
        assert_eq!(batcher.load(13).await, Err(BatchError::Lost));
        assert_eq!(batcher.load(4).await, Ok(8));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_takes_nobody_down() {
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
    async fn a_full_queue_refuses_at_once() {
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
