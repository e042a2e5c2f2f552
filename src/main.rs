//! The `newbee` program: subcommands only.

use std::process::ExitCode;

use clap::Parser;
use newbee::cli::Cli;
use newbee::config::Problems;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            // The chain of causes, on one line each.
            eprintln!("newbee: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            ExitCode::from(if error.is::<Problems>() { 2 } else { 1 })
        }
    }
}
