//! Job manifests: one commented TOML file per job, read at start-up, so that operators can change a schedule without a
//! build.
//!
//! All problems of all files are reported at once. Manifests and the jobs of this program must match one to one:
//! without its counterpart, a manifest or a job would silently never run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::due_times::{CatchUp, Schedule};
use crate::domain::business_day::Calendar;
use crate::service::jobs;

mod keys;

/// Schedule and limits of a job.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub name: String,
    pub description: String,
    /// False if the job only runs on request.
    pub enabled: bool,
    pub schedule: Schedule,
    pub catch_up: CatchUp,
    pub catch_up_window: Duration,
    /// Maximum duration of a run; a longer run fails.
    pub timeout: Duration,
    /// Maximum number of attempts after the process died or the database became unavailable; after that, the run fails.
    pub max_attempts: i32,
    /// Maximum number of rows per transaction.
    pub batch_size: u32,
    /// Time without a heartbeat after which a run is taken over.
    pub lease: Duration,
    pub heartbeat_every: Duration,
}

/// All problems of the manifests, one per line: file, key, and a suggested correction.
#[derive(Debug, thiserror::Error)]
#[error("the job manifests need {} correction(s):\n  {}", .0.len(), .0.join("\n  "))]
pub struct ManifestProblems(pub Vec<String>);

/// Loads the manifests of all jobs from `folder`, in the order of [`jobs::ALL`]. Without a folder: those of `./jobs` if
/// it contains manifests of this program, else those built into the program.
///
/// # Errors
/// Returns all problems of all manifests.
pub fn load(folder: Option<&Path>, calendar: &Calendar) -> Result<Vec<Manifest>, ManifestProblems> {
    let names: Vec<&str> = jobs::ALL.iter().map(|job| job.name()).collect();
    let files = match folder {
        Some(folder) => read_folder(folder).map_err(|error| {
            ManifestProblems(vec![format!(
                "{}: cannot be read ({error}); name a folder of job manifests, or none to use the built-in ones",
                folder.display()
            )])
        })?,
        None => match read_folder(Path::new("jobs")) {
            Ok(files) if names.iter().any(|name| files.contains_key(&file_name(name))) => files,
            _ => built_in(),
        },
    };
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    parse_all(files, &names, calendar)
}

fn built_in() -> BTreeMap<String, String> {
    let files = jobs::ALL
        .iter()
        .map(|job| (file_name(job.name()), job.manifest().to_owned()));
    files.collect()
}

fn file_name(job: &str) -> String {
    format!("{job}.toml")
}

/// Checks that each day job is scheduled in the business time zone, because its days end at midnight in that zone.
/// `manifests` are in the order of [`jobs::ALL`].
///
/// # Errors
/// One problem for each manifest with another zone.
pub fn check_zones(manifests: &[Manifest], calendar: &Calendar) -> Result<(), ManifestProblems> {
    let of_days = jobs::ALL.iter().zip(manifests).filter(|(job, _)| job.takes_day());
    let foreign = of_days.filter(|(_, manifest)| manifest.schedule.time_zone != calendar.time_zone);
    let problems: Vec<String> = foreign
        .map(|(job, manifest)| {
            format!(
                "{}.toml: time_zone: is \"{}\"; write \"business\": the job works on business days, which end at midnight in {}",
                job.name(), manifest.schedule.time_zone, calendar.time_zone
            )
        })
        .collect();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ManifestProblems(problems)),
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

/// Parses manifests given as file name and text; see [`load`].
///
/// # Errors
/// Returns all problems of all manifests.
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
            problems.push(format!("{file}: {problem}"));
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
