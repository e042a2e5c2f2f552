//! The programs that are measured, built from this package and from the folders beside this file.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Names of operations and fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Api {
    Newbee,
    Rival,
}

#[derive(Clone)]
pub struct Target {
    pub name: &'static str,
    pub api: Api,
    pub database: String,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: Vec<(&'static str, &'static str)>,
}

impl Target {
    /// Returns the same server on another database.
    pub fn on(mut self, database: &str) -> Self {
        self.database = database.to_owned();
        self
    }
}

/// The fastest settings of each rival found on two cores.
const ONE_THREAD: [(&str, &str); 3] = [("THREADS", "1"), ("CONNECTIONS", "2"), ("DELAY_MICROS", "0")];
const TWO_THREADS: [(&str, &str); 3] = [("THREADS", "2"), ("CONNECTIONS", "4"), ("DELAY_MICROS", "1000")];
const MERCURIUS: [(&str, &str); 2] = [("NODE_ENV", "production"), ("CONNECTIONS", "2")];
const POSTGRAPHILE: [(&str, &str); 3] = [
    ("NODE_ENV", "production"),
    ("GRAPHILE_ENV", "production"),
    ("CONNECTIONS", "4"),
];

/// Limits are counted, but do not refuse: all load comes from one address.
const SERVE: [&str; 7] = [
    "serve",
    "--scheduler",
    "off",
    "--session-rate",
    "1000000/1s",
    "--address-rate",
    "1000000/1s",
];

/// Returns the folder for builds, data and logs.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers");
    std::fs::create_dir_all(&folder).expect("a folder in the target folder");
    folder
}

/// Returns the folder of this benchmark's sources.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/peers")
}

/// Builds those programs whose names begin with one of `only`, or all if it is empty.
pub fn build(newbee: &Path, only: &[String]) -> Vec<Target> {
    let sources = sources();
    let (rust, node) = (folder().join("async_graphql"), sources.join("node"));
    let async_graphql = rust.join("release/newbee-bench-async-graphql");
    let node_program = node.join(format!(
        "node_modules/node-linux-{}/bin/node",
        match std::env::consts::ARCH {
            "aarch64" => "arm64",
            _ => "x64",
        }
    ));
    let target =
        |name, api, program: &Path, arguments: Vec<String>, environment: &[(&'static str, &'static str)]| Target {
            name,
            api,
            database: if api == Api::Newbee { "newbee" } else { "rivals" }.to_owned(),
            program: program.to_owned(),
            arguments,
            environment: environment.to_vec(),
        };
    let script = |name: &str| vec![node.join(name).display().to_string()];
    let mut targets = vec![
        target("newbee", Api::Newbee, newbee, SERVE.map(str::to_owned).to_vec(), &[]),
        target(
            "async-graphql, 1 thread, delay 0",
            Api::Rival,
            &async_graphql,
            vec![],
            &ONE_THREAD,
        ),
        target(
            "async-graphql, 2 threads",
            Api::Rival,
            &async_graphql,
            vec![],
            &TWO_THREADS,
        ),
        target(
            "Mercurius",
            Api::Rival,
            &node_program,
            script("mercurius.mjs"),
            &MERCURIUS,
        ),
        target(
            "PostGraphile, 2 processes",
            Api::Rival,
            &node_program,
            script("postgraphile.mjs"),
            &POSTGRAPHILE,
        ),
    ];
    let wanted = |name: &str| {
        let begins = |beginning: &String| name.to_lowercase().starts_with(&beginning.to_lowercase());
        only.is_empty() || only.iter().any(begins)
    };
    targets.retain(|target| wanted(target.name));
    assert!(!targets.is_empty(), "no server has such a name");
    let needed = |program: &Path| targets.iter().any(|target| target.program == program);
    if needed(&async_graphql) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--locked", "--manifest-path"]);
        cargo
            .arg(sources.join("async_graphql/Cargo.toml"))
            .arg("--target-dir")
            .arg(&rust);
        run(&mut cargo);
    }
    if needed(&node_program) && !node_program.exists() {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        run(npm.arg(&node));
    }
    targets
}

fn run(command: &mut Command) {
    eprintln!("running {command:?}");
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
