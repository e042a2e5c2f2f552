//! Layout of every `--help` text: paragraphs wrap at the terminal width, all options have the same layout, and values
//! of environment variables are hidden.

use clap::Command;

/// Maximum line width of a help text, in characters.
const MAX_WIDTH: usize = 100;

/// Applies the layout to a command and all its subcommands.
pub fn tidied(command: Command) -> Command {
    let after_help = command.get_after_help().map(|help| unwrapped(&help.to_string()));
    let mut command = command
        .max_term_width(MAX_WIDTH)
        .next_line_help(true)
        .mut_args(|arg| arg.hide_env_values(true))
        .mut_subcommands(tidied);
    if let Some(help) = after_help {
        command = command.after_help(help);
    }
    command
}

/// Joins the lines of each paragraph so that the terminal wraps them. Indented lines, such as examples, and the lines
/// directly before them stay unchanged.
fn unwrapped(text: &str) -> String {
    let mut joined = String::new();
    let mut may_join = false;
    for line in text.lines() {
        let is_plain = !line.is_empty() && !line.starts_with(' ');
        if !joined.is_empty() {
            joined.push(if may_join && is_plain { ' ' } else { '\n' });
        }
        joined.push_str(line);
        may_join = is_plain && !line.ends_with(':');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_joined_and_examples_stay_unchanged() {
        assert_eq!(
            unwrapped("Examples:\n  newbee a \\\n      --b\n\nA sentence that\nwas wrapped.\nAnother.\n\nNext."),
            "Examples:\n  newbee a \\\n      --b\n\nA sentence that was wrapped. Another.\n\nNext."
        );
    }

    /// Calls `visit` for a command and all its subcommands, with the path of each.
    fn visit_all(command: &Command, path: &str, visit: &mut impl FnMut(&str, &Command)) {
        visit(path, command);
        for below in command.get_subcommands() {
            visit_all(below, &format!("{path} {}", below.get_name()), visit);
        }
    }

    #[test]
    fn no_help_text_has_a_line_break_within_a_paragraph_or_shows_values_of_the_environment() {
        let mut command = crate::cli::command();
        command.build();
        visit_all(&command, "newbee", &mut |path, command| {
            let texts = [command.get_about(), command.get_long_about(), command.get_after_help()];
            for text in texts.into_iter().flatten().map(ToString::to_string) {
                assert_eq!(unwrapped(&text), text, "{path}");
            }
            for arg in command.get_arguments().filter(|arg| arg.get_env().is_some()) {
                assert!(arg.is_hide_env_values_set(), "{path} {}", arg.get_id());
            }
        });
    }

    #[test]
    fn every_help_text_has_the_same_layout() {
        let mut command = crate::cli::command();
        command.build();
        visit_all(&command, "newbee", &mut |path, command| {
            // With any of these, clap uses another layout for `--help` than for `-h`.
            assert!(command.get_long_about().is_none(), "{path}");
            for arg in command.get_arguments() {
                let values = arg.get_possible_values();
                let is_short = arg.get_long_help().is_none() && values.iter().all(|value| value.get_help().is_none());
                assert!(is_short, "{path} {}", arg.get_id());
            }
        });
    }

    #[test]
    fn every_option_of_serve_has_a_heading() {
        let mut command = crate::cli::command();
        command.build();
        let serve = command.find_subcommand("serve").expect("serve is a command");
        for arg in serve
            .get_arguments()
            .filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
        {
            assert!(arg.get_help_heading().is_some(), "--{} has no heading", arg.get_id());
        }
        let heading = |id: &str| {
            serve
                .get_arguments()
                .find(|arg| arg.get_id() == id)
                .and_then(|arg| arg.get_help_heading())
        };
        assert_eq!(heading("listen"), Some("Server"));
        assert_eq!(heading("scheduler"), Some("Server"));
        assert_eq!(heading("session_rate"), Some("Access"));
        assert_eq!(heading("log"), Some("Global options"));
    }
}
