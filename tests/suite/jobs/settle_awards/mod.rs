//! The job `settle_awards`.

mod balances;
mod batches;
mod processes;
