//! `newbee man`: a page for each command, which `man` renders.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Command as Definition;
use tokio::process::Command;

use crate::support::program::newbee;

/// File names of the pages of a command and of those below it.
fn pages(command: &Definition, name: &str, found: &mut BTreeSet<String>) {
    found.insert(format!("{name}.1"));
    for below in command.get_subcommands() {
        pages(below, &format!("{name}-{}", below.get_name()), found);
    }
}

/// Renders a page; returns its text and what `man` complains about. `None` without `man`.
async fn render(page: &Path) -> Option<(String, String)> {
    let output = Command::new("man")
        .args(["--warnings=all", "--local-file"])
        .arg(page)
        .env("MANWIDTH", "100")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .await
        .ok()
        .filter(|output| output.status.success())?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Some((text(output.stdout), text(output.stderr)))
}

#[tokio::test]
async fn every_command_has_a_page_that_renders() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("share/man1");
    let output = newbee().arg("man").arg(&directory).output().await.expect("newbee runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let entries = std::fs::read_dir(&directory).expect("the directory");
    let made: BTreeSet<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut expected = BTreeSet::new();
    pages(&newbee::cli::command(), "newbee", &mut expected);
    assert_eq!(made, expected);
    assert!(expected.len() > 50, "{}", expected.len());

    for name in &made {
        let page = std::fs::read_to_string(directory.join(name)).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{name}");
        let Some((text, complaints)) = render(&directory.join(name)).await else {
            eprintln!("man is not installed: the pages were checked without it");
            break;
        };
        assert_eq!(complaints, "", "{name}");
        for markup in ["\\f", "\\-", ".SH", ".TP", ".br"] {
            assert!(!text.contains(markup), "{name} shows {markup}: {text}");
        }
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_an_error() {
    let output = newbee()
        .args(["man", "/dev/null/x"])
        .output()
        .await
        .expect("newbee runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && said.contains("Cannot create /dev/null/x"),
        "{said}"
    );
}
