//! Job manifests: one commented TOML file per job, read at start-up, so that ops change a schedule without a build.
//!
//! Every problem of every file is reported at once. Manifests and the jobs of this program match one to one: a manifest
//! without its job would silently never run, and a job without its manifest neither.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::due_times::{CatchUp, Schedule};
use crate::domain::business_day::Calendar;

mod keys;

/// The manifests of the repository, for when there is no folder of them.
const BUILT_IN: &[(&str, &str)] = &[
    ("audit_books.toml", include_str!("../../../jobs/audit_books.toml")),
    ("close_day.toml", include_str!("../../../jobs/close_day.toml")),
    ("expire_due.toml", include_str!("../../../jobs/expire_due.toml")),
    (
        "pay_reservations.toml",
        include_str!("../../../jobs/pay_reservations.toml"),
    ),
    ("prune_history.toml", include_str!("../../../jobs/prune_history.toml")),
    ("settle_awards.toml", include_str!("../../../jobs/settle_awards.toml")),
];

/// When and how a job is run.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub name: String,
    pub description: String,
    /// `false`: only runs that people ask for.
    pub enabled: bool,
    pub schedule: Schedule,
    pub catch_up: CatchUp,
    pub catch_up_window: Duration,
    /// A run that takes longer has failed.
    pub timeout: Duration,
    /// A run is begun so often before the deaths of its processes, and a database that goes away, count as its own fault.
    pub max_attempts: i32,
    /// The most rows one transaction takes.
    pub batch_size: u32,
    /// A run whose process was silent for so long is taken over.
    pub lease: Duration,
    pub heartbeat_every: Duration,
}

/// Everything that is wrong with the manifests, a line each: file, key, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("the job manifests need {} correction(s):\n  {}", .0.len(), .0.join("\n  "))]
pub struct ManifestProblems(pub Vec<String>);

/// Reads the manifests of `folder`. Where none is given: those of `./jobs` if it holds manifests of ours, else those built
/// into the program.
///
/// `jobs` are the names of the jobs this program has, each of which needs its manifest. The result is in their order.
pub fn load(folder: Option<&Path>, jobs: &[&str], calendar: &Calendar) -> Result<Vec<Manifest>, ManifestProblems> {
    match folder {
        Some(folder) => {
            let files = read_folder(folder).map_err(|error| {
                ManifestProblems(vec![format!(
                    "{}: cannot be read ({error}); name a folder of job manifests, or none to use the built-in ones",
                    folder.display()
                )])
            })?;
            parse_all(
                files.iter().map(|(name, text)| (name.as_str(), text.as_str())),
                jobs,
                calendar,
            )
        }
        None => match read_folder(Path::new("jobs")) {
            Ok(files) if jobs.iter().any(|job| files.contains_key(&format!("{job}.toml"))) => parse_all(
                files.iter().map(|(name, text)| (name.as_str(), text.as_str())),
                jobs,
                calendar,
            ),
            _ => parse_all(BUILT_IN.iter().copied(), jobs, calendar),
        },
    }
}

fn read_folder(folder: &Path) -> std::io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.insert(
                path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                std::fs::read_to_string(path)?,
            );
        }
    }
    Ok(files)
}

/// Reads manifests given as file name and text; see [`load`].
pub fn parse_all<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    jobs: &[&str],
    calendar: &Calendar,
) -> Result<Vec<Manifest>, ManifestProblems> {
    let mut problems = Vec::new();
    let mut manifests = BTreeMap::new();
    for (file, text) in files {
        let stem = file.strip_suffix(".toml").unwrap_or(file);
        if !jobs.contains(&stem) {
            problems.push(format!(
                "{file}: this program has no job {stem:?}; remove the file, or name it after one of: {}",
                jobs.join(", ")
            ));
        }
        let manifest = keys::read(stem, text, calendar, &mut |problem| {
            problems.push(format!("{file}: {problem}"))
        });
        manifests.insert(stem.to_owned(), manifest);
    }
    for job in jobs.iter().filter(|job| !manifests.contains_key(**job)) {
        problems.push(format!(
            "{job}.toml: missing; copy it from the repository's jobs folder (enabled = false stops a job)"
        ));
    }
    if !problems.is_empty() {
        return Err(ManifestProblems(problems));
    }
    Ok(jobs.iter().filter_map(|job| manifests.remove(*job).flatten()).collect())
}

#[cfg(test)]
mod tests;
