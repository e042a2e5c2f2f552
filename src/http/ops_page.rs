//! The page at `/ops/`, on which ops see how the jobs and the books are doing, and steer the jobs: plain files, within the
//! program in every build. It holds no data: what it shows it asks of the admin API, with its reader's own API key.

use serde_json::json;

use super::router::HttpState;
use super::site::{File, Files, Made, Over, STRICT_POLICY, Site, site_routes};
use axum::Router;

/// The files of the folder `ops_page`, by name.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("ops_page/", $name)) as &[u8])),+]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "api.js",
    "days.js",
    "dialogs.js",
    "dom.js",
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
    "parts.js",
    "plot.js",
    "queries.js",
    "sign_in.js",
];

struct Page;

impl Files for Page {
    fn read(&self, name: &str) -> Option<File> {
        let (_, bytes) = FILES.iter().find(|(known, _)| *known == name)?;
        Some(File::of(*bytes))
    }
}

/// The page. `demo_api_key` is a key that everybody may know, for the page to offer; `None` but in the demo.
pub fn ops_page(demo_api_key: Option<&str>) -> Router<HttpState> {
    let settings = Made("settings.json", json!({ "demoApiKey": demo_api_key }).to_string());
    site_routes("/ops", Site::new(Over(settings, Page), STRICT_POLICY))
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
        let there = names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/ops_page"), "");
        let served: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(there, served);
    }
}
