//! `newbee man`: manual pages.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::output;
use crate::config::Problems;

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee man ~/.local/share/man/man1\n  newbee man . && man ./newbee-serve.1\n\n\
    Does not use the database."
)]
pub struct ManArgs {
    /// Directory for the pages, created if it does not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Writes a manual page for each command, such as `newbee-key-create.1`, and prints the directory.
///
/// # Errors
/// The configuration is invalid, or a file cannot be written.
pub fn run(args: &ManArgs, problems: Problems) -> anyhow::Result<()> {
    problems.into_result()?;
    let shown = args.directory.display();
    fs::create_dir_all(&args.directory).with_context(|| format!("Cannot create {shown}"))?;
    clap_mangen::generate_to(super::command(), &args.directory)
        .with_context(|| format!("Cannot write the manual pages to {shown}"))?;
    Ok(output::line(format_args!("Manual pages written to {shown}"))?)
}
