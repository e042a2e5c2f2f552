//! `newbee completions`: completion scripts for shells.

use clap::Args;
use clap_complete::{Shell, generate};

use super::output;
use crate::config::Problems;

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  source <(newbee completions bash)\n  newbee completions zsh > ~/.zfunc/_newbee\n  \
    newbee completions fish > ~/.config/fish/completions/newbee.fish\n\n\
    Does not use the database."
)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the completion script of a shell.
///
/// # Errors
/// The configuration is invalid, or standard output cannot be written.
pub fn run(args: &CompletionsArgs, problems: Problems) -> anyhow::Result<()> {
    problems.into_result()?;
    let mut script = Vec::new();
    generate(args.shell, &mut super::command(), "newbee", &mut script);
    Ok(output::print(&String::from_utf8(script)?)?)
}
