//! The version and commit that the program names, and the places where `build.rs` finds the commit.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::program::newbee;

#[tokio::test]
async fn the_version_names_the_commit() {
    let output = newbee().arg("--version").output().await.expect("newbee runs");
    let said = String::from_utf8(output.stdout).expect("text");
    let expected = concat!("newbee ", env!("CARGO_PKG_VERSION"), " (");
    let commit = said.strip_prefix(expected).and_then(|rest| rest.strip_suffix(")\n"));
    let commit = commit.unwrap_or_else(|| panic!("{said:?} begins with {expected:?}"));
    if std::env::var_os("BUILD_COMMIT").is_none() && Path::new(".git").exists() {
        let head = text(&git(Path::new("."), &["rev-parse", "HEAD"]));
        assert!(commit.len() >= 7 && head.starts_with(commit), "{commit} is not {head}");
    }
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn git(folder: &Path, arguments: &[&str]) -> Output {
    let identity = ["-c", "user.name=a test", "-c", "user.email=test@example.org"];
    let mut command = Command::new("git");
    command.args(identity).args(arguments).current_dir(folder);
    command.output().expect("Git is installed")
}

fn commit(folder: &Path) -> String {
    text(&git(
        folder,
        &["commit", "--quiet", "--allow-empty", "--message", "a test"],
    ));
    text(&git(folder, &["rev-parse", "--short=7", "HEAD"]))
        .trim()
        .to_owned()
}

/// `build.rs` as a program, in a folder of its own.
struct BuildScript(TempDir);

impl BuildScript {
    fn compile() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let mut command = Command::new(rustc);
        command
            .args(["--edition", "2024", "build.rs", "-o"])
            .arg(folder.path().join("build"));
        text(&command.output().expect("rustc is installed"));
        Self(folder)
    }

    /// The commit that it finds in a folder, and the files of Git that it watches.
    fn run(&self, folder: &Path, variables: &[(&str, &str)]) -> (String, Vec<String>) {
        let mut command = Command::new(self.0.path().join("build"));
        command.current_dir(folder).env_remove("BUILD_COMMIT");
        command.envs(variables.iter().copied());
        let said = text(&command.output().expect("it runs"));
        let values = |key: &str| -> Vec<String> {
            let lines = said.lines().filter_map(|line| line.strip_prefix(key));
            lines.map(str::to_owned).collect()
        };
        let mut watched = values("cargo:rerun-if-changed=");
        watched.retain(|file| file != "migrations");
        for file in &watched {
            assert!(folder.join(file).is_file(), "{file} would count as changed each time");
        }
        let [commit] = &values("cargo:rustc-env=BUILD_COMMIT=")[..] else {
            panic!("{said}")
        };
        (commit.clone(), watched)
    }
}

#[test]
fn the_commit_is_that_of_the_repository_or_given_or_unknown() {
    let script = BuildScript::compile();
    let folder = tempfile::tempdir().expect("a folder");
    let repository = folder.path().join("repository");
    std::fs::create_dir(&repository).unwrap();
    assert_eq!(script.run(&repository, &[]), ("unknown".to_owned(), Vec::new()));
    let given = script.run(&repository, &[("BUILD_COMMIT", "abc1234")]);
    assert_eq!(given, ("abc1234".to_owned(), Vec::new()));
    let empty = script.run(&repository, &[("BUILD_COMMIT", "")]);
    assert_eq!(empty.0, "unknown", "an argument of a container build that is not given");

    text(&git(&repository, &["init", "--quiet"]));
    assert_eq!(script.run(&repository, &[]).0, "unknown", "without a commit");
    for _ in 0..2 {
        let made = commit(&repository);
        let (found, watched) = script.run(&repository, &[("GIT_DIR", "/nowhere")]);
        assert_eq!(found, made);
        assert!(watched.contains(&".git/logs/HEAD".to_owned()), "{watched:?}");
    }
    assert_eq!(script.run(&repository, &[("PATH", "")]).0, "unknown", "without Git");
    let below = repository.join("unpacked");
    std::fs::create_dir(&below).unwrap();
    assert_eq!(script.run(&below, &[]).0, "unknown", "the repository of something else");

    let worktree = folder.path().join("worktree");
    text(&git(
        &repository,
        &["worktree", "add", "--quiet", worktree.to_str().unwrap()],
    ));
    let made = commit(&worktree);
    let (found, watched) = script.run(&worktree, &[]);
    assert_eq!(found, made);
    assert!(
        watched
            .iter()
            .any(|file| file.ends_with("worktrees/worktree/logs/HEAD")),
        "{watched:?}"
    );
    assert_ne!(script.run(&repository, &[]).0, made);
}
