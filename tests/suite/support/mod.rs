//! What tests stand on.

pub mod app;
pub mod commands;
pub mod database;
pub mod house;
pub mod jobs_command;
pub mod log;
pub mod own_postgres;
pub mod program;
pub mod proxy;
pub mod reservations;
pub mod settlement;
pub mod watchdog;
pub mod words;
pub mod world;

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine before a test gives it up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Awaits a future.
///
/// # Panics
/// When it takes longer than [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

/// Waits until `condition` holds.
pub async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
