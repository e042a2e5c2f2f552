//! The check of words, `.ci/words`, on commits that it must refuse and accept.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(folder: &Path, program: &str, args: &[&str]) -> Output {
    let output = Command::new(program).args(args).current_dir(folder).output();
    output.unwrap_or_else(|error| panic!("{program} {args:?}: {error}"))
}

/// A repository with the check and one source file, which is committed with `text` as its last line.
fn refusal_of(text: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    fs::create_dir_all(root.join(".ci")).expect("a folder is made");
    fs::create_dir_all(root.join("src")).expect("a folder is made");
    fs::copy(Path::new(ROOT).join(".ci/words"), root.join(".ci/words")).expect("the check is copied");
    fs::write(root.join("src/lib.rs"), format!("//! A library.\n{text}\n")).expect("a file is written");
    let author = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
    for args in [
        &["init", "--quiet"][..],
        &["add", "."],
        &[&author[..], &["commit", "--quiet", "--message", "Add a library"]].concat(),
    ] {
        let done = run(root, "git", args);
        assert!(
            done.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    let checked = run(root, ".ci/words", &[]);
    (!checked.status.success()).then(|| String::from_utf8_lossy(&checked.stderr).into_owned())
}

#[test]
fn a_commit_with_a_refused_word_is_refused_with_its_line() {
    for word in ["Whoever", "somebody", "for ever", "told", "asker"] {
        let refusal = refusal_of(&format!("/// Returns {word}.")).unwrap_or_else(|| panic!("{word} is accepted"));
        assert!(
            refusal.contains(&format!("src/lib.rs:2:/// Returns {word}.")),
            "{refusal}"
        );
    }
    assert_eq!(refusal_of("/// Returns the user, whom the caller notified."), None);
}
