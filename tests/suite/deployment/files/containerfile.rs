//! The Containerfile and `.dockerignore`.

use std::fs;
use std::path::Path;

use tokio::process::Command;

use super::{PROGRAM, check_arguments, check_setting, read};

/// Lines of a file without comments, with continued ones joined.
fn instructions(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    joined
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_containerfile_copies_files_that_exist_and_runs_commands_that_do() {
    let path = "deploy/Containerfile";
    let sent: Vec<String> = instructions(&read(".dockerignore"))
        .iter()
        .filter_map(|line| line.strip_prefix('!').map(str::to_owned))
        .collect();
    for name in &sent {
        assert!(Path::new(name).exists(), ".dockerignore: {name}");
    }
    let mut copied = 0;
    for line in instructions(&read(path)) {
        let (instruction, rest) = line.split_once(' ').expect("an instruction");
        match instruction {
            "COPY" if !rest.starts_with("--from=") => {
                let mut sources: Vec<&str> = rest.split_whitespace().collect();
                sources.pop();
                for source in sources {
                    assert!(Path::new(source).exists(), "{path}: {source}");
                    let is_sent = |name: &String| source == name || source.starts_with(&format!("{name}/"));
                    assert!(sent.iter().any(is_sent), ".dockerignore leaves {source} out");
                    copied += 1;
                }
            }
            "ENV" => rest
                .split(' ')
                .for_each(|pair| check_setting(pair.split('=').next().unwrap(), path)),
            "ENTRYPOINT" => assert_eq!(rest, format!("[\"{PROGRAM}\"]")),
            "CMD" => check_arguments(&serde_json::from_str::<Vec<String>>(rest).unwrap(), path),
            "HEALTHCHECK" => {
                let (_, command) = rest.split_once(" CMD ").expect("a command");
                let command: Vec<String> = serde_json::from_str(command).unwrap();
                assert_eq!(command[0], PROGRAM);
                check_arguments(&command[1..], path);
            }
            "ARG" | "FROM" | "WORKDIR" | "RUN" | "COPY" | "EXPOSE" | "USER" => {}
            other => panic!("{path}: {other}"),
        }
    }
    assert!(copied >= 9, "{copied}");
    assert!(read(path).contains(concat!("rust:", env!("CARGO_PKG_RUST_VERSION"), "-slim")));
    // The layer of the dependencies has only these files: Cargo must accept the manifest without the others.
    // Cargo looks for a workspace in all folders above.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    for name in ["src/lib.rs", "src/main.rs", "build.rs"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    for name in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(name, folder.path().join(name)).unwrap();
    }
    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--locked",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ])
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    assert!(
        metadata.status.success(),
        "{}",
        String::from_utf8_lossy(&metadata.stderr)
    );
}
