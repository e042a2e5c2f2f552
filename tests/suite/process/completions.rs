//! `newbee completions`: scripts that shells take, and that complete commands, options and values.

use std::process::Stdio;

use tokio::process::Command;

use crate::support::program::newbee;

async fn script(shell: &str) -> String {
    let output = newbee()
        .args(["completions", shell])
        .output()
        .await
        .expect("newbee runs");
    assert!(output.status.success(), "{shell}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn every_shell_gets_a_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = script(shell).await;
        for word in ["newbee", "reopen-days", "beacon", "dry-run"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    let output = newbee()
        .args(["completions", "cmd"])
        .output()
        .await
        .expect("newbee runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("bash"), "{said}");
}

#[tokio::test]
async fn bash_completes_commands_and_options() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("newbee.bash");
    std::fs::write(&file, script("bash").await).expect("the script is written");
    for (words, expected) in [
        (
            ["newbee", "jobs", "re"].as_slice(),
            ["reopen-days", "resume"].as_slice(),
        ),
        (&["newbee", "word", "beac"], &["beacon"]),
        (&["newbee", "user", "erase", "--js"], &["--json"]),
    ] {
        let [.., before, current] = words else {
            unreachable!("two words or more")
        };
        let complete = format!(
            "source {}\nCOMP_WORDS=({}); COMP_CWORD={}; _newbee newbee '{current}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            file.display(),
            words.join(" "),
            words.len() - 1,
        );
        let output = Command::new("bash")
            .args(["--norc", "-c", &complete])
            .stdin(Stdio::null())
            .output()
            .await
            .expect("bash runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut completed: Vec<&str> = said.lines().collect();
        completed.sort_unstable();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(completed, expected, "{words:?}: {error}");
    }
}
