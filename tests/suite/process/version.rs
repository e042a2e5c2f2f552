//! The version and commit that the program names.

use tokio::process::Command;

use crate::support::program::newbee;

#[tokio::test]
async fn the_version_names_the_commit() {
    let output = newbee().arg("--version").output().await.expect("newbee runs");
    let said = String::from_utf8(output.stdout).expect("text");
    let expected = concat!("newbee ", env!("CARGO_PKG_VERSION"), " (");
    let commit = said.strip_prefix(expected).and_then(|rest| rest.strip_suffix(")\n"));
    let commit = commit.unwrap_or_else(|| panic!("{said:?} begins with {expected:?}"));
    if std::env::var_os("BUILD_COMMIT").is_some() || !std::path::Path::new(".git").exists() {
        return;
    }
    let git = Command::new("git").args(["rev-parse", "HEAD"]).output().await;
    if let Some(git) = git.ok().filter(|git| git.status.success()) {
        let head = String::from_utf8(git.stdout).expect("text");
        assert!(commit.len() >= 7 && head.starts_with(commit), "{commit} is not {head}");
    }
}
