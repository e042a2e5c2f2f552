//! `sqlx::migrate!` embeds the files but does not notice a new one; a release build embeds the built playground likewise.
//! The version names the commit.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rustc-check-cfg=cfg(embedded_pages)");
    // By the build profile, and not by debug assertions: development is without those, too.
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rustc-cfg=embedded_pages");
        let dist = "src/web/playground/dist";
        // A path that does not exist would count as changed each time.
        let watched = if Path::new(dist).exists() {
            dist
        } else {
            "src/web/playground"
        };
        println!("cargo:rerun-if-changed={watched}");
        if !Path::new(dist).join("index.html").exists() {
            println!(
                "cargo:warning=this release build has no playground: to include it, run `node src/web/playground/build.mjs` and build again"
            );
        }
    }
    println!("cargo:rustc-env=BUILD_COMMIT={}", commit());
}

/// Returns the commit: `BUILD_COMMIT`, for builds without a repository, else that of the repository, else "unknown".
fn commit() -> String {
    println!("cargo:rerun-if-env-changed=BUILD_COMMIT");
    if let Some(commit) = std::env::var("BUILD_COMMIT").ok().filter(|commit| !commit.is_empty()) {
        return commit;
    }
    // An unpacked archive may lie in the repository of something else. In a worktree `.git` is a file.
    if !Path::new(".git").exists() {
        return "unknown".to_owned();
    }
    // A commit changes the log of HEAD, or the branch where no log is kept.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]).unwrap_or_default();
    let files = ["HEAD", "logs/HEAD", &branch].map(|name| git(&["rev-parse", "--git-path", name]));
    for file in files
        .into_iter()
        .flatten()
        .map(PathBuf::from)
        .filter(|file| file.is_file())
    {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    git(&["rev-parse", "--short=7", "HEAD"]).unwrap_or_else(|| "unknown".to_owned())
}

/// Returns the output of a Git command; `None` without Git, or if it fails.
fn git(arguments: &[&str]) -> Option<String> {
    // A hook of Git sets variables that name the repository of the hook.
    let output = Command::new("git")
        .args(arguments)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
