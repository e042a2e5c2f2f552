//! The ops page at `/ops/`, where operators monitor jobs and ledger checks, and control the jobs. Its plain files are
//! embedded in every build. It contains no data: it queries the admin API with the operator's own API key.

use serde_json::json;

use crate::http::static_files::{File, Files, InMemoryFile, Overlay, STRICT_POLICY, Site};

/// The files of the page's directory, by name.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!($name) as &[u8])),+]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "address.js",
    "api.js",
    "changes.js",
    "days.js",
    "dialogs.js",
    "dom.js",
    "endpoints.js",
    "figures.js",
    "follow.js",
    "icon.svg",
    "index.html",
    "jobs.js",
    "keep.js",
    "language.js",
    "languages/en.js",
    "languages/zh.js",
    "main.js",
    "money.js",
    "ops.css",
    "parked.js",
    "parts.js",
    "plot.js",
    "processes.js",
    "queries.js",
    "reports.js",
    "rules.js",
    "runs.js",
    "schedule.js",
    "sign_in.js",
    "sparkline.js",
];

struct Page;

impl Files for Page {
    fn read(&self, name: &str) -> Option<File> {
        let (_, bytes) = FILES.iter().find(|(known, _)| *known == name)?;
        Some(File::of(*bytes))
    }
}

/// Returns the ops page. `demo_api_key` is the public key of the demo, `None` elsewhere; `playground` enables the
/// link to the playground of the admin API.
pub fn ops_page(demo_api_key: Option<&str>, playground: bool) -> Site {
    let settings = json!({ "demoApiKey": demo_api_key, "playground": playground });
    let settings = InMemoryFile("settings.json", settings.to_string());
    let runbook = InMemoryFile("runbook.txt", include_str!("../../../jobs/README.md").to_owned());
    Site::new(Overlay(settings, Overlay(runbook, Page)), STRICT_POLICY)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn names(folder: &Path, below: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(folder)
            .expect("the page's folder")
            .map(|entry| entry.expect("an entry"));
        entries
            .flat_map(|entry| {
                let name = format!("{below}{}", entry.file_name().to_string_lossy());
                match entry.path().is_dir() {
                    true => names(&entry.path(), &format!("{name}/")),
                    false => BTreeSet::from([name]),
                }
            })
            .collect()
    }

    #[test]
    fn every_file_of_the_folder_is_served() {
        let there = names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/ops"), "");
        let there: BTreeSet<String> = there.into_iter().filter(|name| name != "mod.rs").collect();
        let served: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(there, served);
    }
}
