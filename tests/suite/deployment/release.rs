//! `.ci/release`, with the program of the tests, and the configuration of updates.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use newbee::version::{VERSION, VERSION_AND_COMMIT};
use serde_json::Value;
use tokio::process::Command;

async fn run(program: &str, arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).kill_on_drop(true);
    command
        .output()
        .await
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn the_release_script_packs_and_sums_what_a_release_has() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join(".git").exists() {
        return eprintln!("a release is made from a repository: not tried here");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("dist");
    let arguments = [
        "--program",
        env!("CARGO_BIN_EXE_newbee"),
        "--output",
        output.to_str().unwrap(),
    ];
    let made = run(".ci/release", &arguments, root).await;
    assert!(made.status.success(), "{}", text(&made));

    let files = names(&output);
    let archive = files
        .iter()
        .find(|name| name.ends_with(".tar.gz"))
        .expect("an archive")
        .clone();
    let name = archive.trim_end_matches(".tar.gz");
    assert!(name.starts_with(&format!("newbee-{VERSION}-")), "{name}");
    let expected = [
        "SHA256SUMS",
        "admin.graphql",
        &archive,
        "openapi.yaml",
        "schema.graphql",
    ];
    assert_eq!(files, expected.map(String::from).into());
    let summed = run("sha256sum", &["--check", "--strict", "SHA256SUMS"], &output).await;
    assert!(summed.status.success(), "{}", text(&summed));
    assert_eq!(text(&summed).matches(": OK").count(), files.len() - 1);

    let unpacked = run("tar", &["--extract", "--file", &archive], &output).await;
    assert!(unpacked.status.success(), "{}", text(&unpacked));
    let inside = output.join(name);
    let expected = [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "README.zh-CN.md",
        "SECURITY.md",
        "admin.graphql",
        "completions",
        "deploy",
        "man",
        "newbee",
        "openapi.yaml",
        "schema.graphql",
    ];
    assert_eq!(names(&inside), expected.map(String::from).into());
    for (packed, source) in [
        ("schema.graphql", "schema.graphql"),
        ("admin.graphql", "src/graphql/admin.graphql"),
        ("openapi.yaml", "src/http/openapi.yaml"),
        ("LICENSE", "LICENSE"),
        ("deploy/Containerfile", "deploy/Containerfile"),
    ] {
        let source = fs::read(root.join(source)).unwrap();
        assert!(fs::read(inside.join(packed)).unwrap() == source, "{packed}");
        assert!(
            packed.contains('/') || packed == "LICENSE" || fs::read(output.join(packed)).unwrap() == source,
            "{packed}"
        );
    }
    let completions = ["_newbee", "newbee.bash", "newbee.fish"].map(String::from);
    assert_eq!(names(&inside.join("completions")), completions.into());
    assert!(names(&inside.join("man/man1")).contains("newbee-serve.1"));
    let version = run(inside.join("newbee").to_str().unwrap(), &["--version"], &output).await;
    assert_eq!(text(&version), format!("newbee {VERSION_AND_COMMIT}\n"));
}

#[tokio::test]
async fn the_release_script_refuses_another_program_and_options_that_it_does_not_know() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("dist");
    let arguments = ["--program", "/usr/bin/true", "--output", output.to_str().unwrap()];
    let refused = run(".ci/release", &arguments, root).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused).contains(&format!("not newbee {VERSION}")),
        "{}",
        text(&refused)
    );
    let refused = run(".ci/release", &["--help"], root).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused).contains("--profile PROFILE"), "{}", text(&refused));
    assert!(!output.exists());
}

#[tokio::test]
async fn the_release_script_demands_copies_of_both_schemas_and_a_commit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let released = "tests/clients/schema_quality/released";
    for part in [".ci", "src/graphql", released] {
        fs::create_dir_all(folder.path().join(part)).expect("a folder");
    }
    fs::copy(root.join(".ci/release"), folder.path().join(".ci/release")).expect("the script is copied");
    let write = |path: &str, content: &str| fs::write(folder.path().join(path), content).expect("a file is written");
    write("schema.graphql", "customer");
    write("src/graphql/admin.graphql", "admin");
    assert!(run("git", &["init", "--quiet"], folder.path()).await.status.success());
    for (file, content, is_complete) in [
        ("customer.graphql", "customer", false),
        ("admin.graphql", "of the last release", false),
        ("admin.graphql", "admin", true),
    ] {
        write(&format!("{released}/{file}"), content);
        let refused = run(".ci/release", &[], folder.path()).await;
        let expected = match is_complete {
            true => "commit all changes first".to_owned(),
            false => format!("{released} is not up to date"),
        };
        assert!(
            refused.status.code() == Some(1) && text(&refused).contains(&expected),
            "{}",
            text(&refused)
        );
    }
}

#[test]
fn automatic_updates_leave_pinned_crates_alone_and_know_the_tools_of_the_scripts() {
    let configuration: Value = serde_json::from_str(include_str!("../../../.renovaterc.json")).expect("JSON");
    let rules = configuration["packageRules"].as_array().expect("rules");
    let excluded: BTreeSet<&str> = rules
        .iter()
        .filter(|rule| rule["enabled"] == false)
        .flat_map(|rule| rule["matchPackageNames"].as_array().expect("names"))
        .map(|name| name.as_str().expect("a name"))
        .collect();
    let pinned: BTreeSet<&str> = include_str!("../../../Cargo.toml")
        .lines()
        .filter(|line| line.contains("version = \"="))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(excluded, pinned);
    for rule in rules {
        assert!(rule["description"].is_string(), "{rule}");
    }
    for script in ["run", "release"] {
        let text = fs::read_to_string(format!(".ci/{script}")).unwrap();
        let lines: Vec<_> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| {
            let (name, value) = pair[1].split_once('=').unwrap_or_default();
            name.ends_with("_version") && value.starts_with(|first: char| first.is_ascii_digit())
        }) {
            assert!(
                pair[0].starts_with("# renovate: datasource="),
                ".ci/{script}: {}",
                pair[1]
            );
        }
    }
}
