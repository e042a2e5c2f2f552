//! Wrong values on the command line: each is refused in plain words, by every command.

use crate::support::commands::leaves;
use crate::support::program::newbee;

/// Words of the Rust parsers, which say nothing to people.
const FOREIGN: [&str; 12] = [
    "invalid digit",
    "invalid float",
    "invalid character",
    "invalid characters",
    "premature end",
    "trailing input",
    "out of range",
    "number too large",
    "number too small",
    "cannot parse",
    "expected number",
    "ParseIntError",
];

#[tokio::test]
async fn no_value_is_refused_in_the_words_of_a_parser() {
    let mut tried = Vec::new();
    let mut command = newbee::cli::command();
    command.build();
    leaves(&command, &[], &mut |path, command| {
        // A value for each argument that must be there, so that the wrong one is what is refused.
        for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
            for wrong in ["口令", "-5000-01-01", "99999999999999999999999", "2026-2-3", "1e9999"] {
                let mut arguments = path.to_vec();
                match arg.get_long() {
                    Some(long) => arguments.push(format!("--{long}={wrong}")),
                    None => arguments.extend(["--".to_owned(), wrong.to_owned()]),
                }
                tried.push(arguments);
            }
        }
    });
    assert!(tried.len() > 300, "{}", tried.len());
    for arguments in tried {
        let parsed = command.try_get_matches_from_mut([vec!["newbee".to_owned()], arguments.clone()].concat());
        let Err(error) = parsed else { continue };
        let said = error.to_string();
        for word in FOREIGN {
            assert!(!said.contains(word), "{arguments:?}: {said}");
        }
    }
}

#[tokio::test]
async fn wrong_values_say_what_is_expected() {
    for (arguments, expected) in [
        (["user", "add", "abc"].as_slice(), "expected a user ID, such as 17"),
        (&["jobs", "show", "abc"], "expected the ID of a run, such as 4711"),
        (&["award", "show", "abc"], "expected an award ID, such as award_22"),
        (&["award", "list", "--day", "2026-2-3"], "2026-11-22"),
        (&["jobs", "history", "--since", "noon"], "yesterday"),
        (
            &["jobs", "history", "--state", "broken"],
            "expected one of: queued, running",
        ),
        (&["jobs", "history", "--limit", "0"], "an integer from 1 to 1000"),
        (&["rule", "set", "x", "--daily-limit", "no", "--reason", "x"], "or none"),
        (
            &["rule", "set", "x", "--hold", "a week", "--reason", "x"],
            "a duration, such as 30days",
        ),
        (
            &["rule", "set", "x", "--enabled", "yes", "--reason", "x"],
            "expected on or off",
        ),
        (
            &["session", "issue", "17", "--lifetime", "long"],
            "a duration, such as 30days",
        ),
        (
            &["task", "record", "17", "x", "--key", "k", "--occurred-at", "noon"],
            "a time with a UTC offset",
        ),
    ] {
        let output = newbee().args(arguments).output().await.expect("newbee runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("--database-url"), "{arguments:?}: {stderr}");
    }
}
