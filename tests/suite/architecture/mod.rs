//! The layers of `src/lib.rs` hold: imports go one way, and each library is used in its own layer.

mod imports;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each room the rooms that it may use, besides its own and the leaves.
const ARROWS: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("messages", &["domain"]),
    ("store", &["domain"]),
    ("loaders", &["domain", "store"]),
    ("live", &["domain", "store", "loaders"]),
    ("service", &["domain", "store"]),
    ("scheduler", &["domain", "store", "service"]),
    ("state", &["domain", "store", "loaders", "live", "service"]),
    // The admin API shows runs and requests them.
    (
        "graphql",
        &["domain", "loaders", "live", "service", "scheduler", "state"],
    ),
    ("http", &["domain", "loaders", "service", "state", "graphql"]),
    ("web", &["domain", "http"]),
    ("demo", &["domain", "store", "service"]),
    (
        "app",
        &[
            "domain",
            "store",
            "loaders",
            "live",
            "service",
            "scheduler",
            "state",
            "graphql",
            "http",
            "web",
            "demo",
        ],
    ),
];
const ROOMS: [&str; 13] = [
    "domain",
    "store",
    "loaders",
    "live",
    "service",
    "state",
    "graphql",
    "http",
    "web",
    "scheduler",
    "demo",
    "app",
    "cli",
];

/// Words that may stand only in some places.
const KEPT_TO: [(&str, &[&str]); 8] = [
    // The configuration names it as the target of its log lines.
    (
        "tokio_cron_scheduler",
        &["src/scheduler/ticker.rs", "src/config/log.rs"],
    ),
    ("sqlx::query", &["src/store/", "src/private_postgres/"]),
    // All else goes through connections with deadlines.
    ("sqlx::PgPool", &["src/store/bounded/", "src/private_postgres/"]),
    ("PgPoolOptions", &["src/store/bounded/"]),
    ("PgListener", &["src/store/bounded/"]),
    ("async_graphql", &["src/graphql/", "src/http/"]),
    ("axum::", &["src/http/", "src/web/"]),
    ("println!", &["src/cli/", "src/private_postgres/", "src/main.rs"]),
];

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file is text");
            found.push((path, text));
        }
    }
    found
}

/// The lines that are code, without the tests at the end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn arrows_go_one_way() {
    for (room, allowed) in ARROWS {
        for (path, text) in sources(&Path::new("src").join(room)) {
            for line in code(&text) {
                for other in ROOMS
                    .into_iter()
                    .filter(|other| *other != room && !allowed.contains(other))
                {
                    assert!(
                        !line.contains(&format!("crate::{other}::")),
                        "{} uses {other}: {line}",
                        path.display()
                    );
                }
            }
        }
    }
}

/// The room of a module: its first name, and inside `http` its second.
fn room(module: &[String]) -> Option<String> {
    match module {
        [http] if http == "http" => None,
        [http, room, ..] if http == "http" => Some(format!("http::{room}")),
        [room, ..] => Some(room.clone()),
        [] => None,
    }
}

#[test]
fn no_rooms_import_each_other() {
    let modules = imports::modules(&sources(Path::new("src")));
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for module in modules
        .keys()
        .filter(|module| *module != &["lib"] && *module != &["main"])
    {
        let Some(from) = room(module) else { continue };
        let named = imports::imports(&modules, module);
        let rooms = named.iter().filter_map(|named| room(named)).filter(|to| *to != from);
        arrows.entry(from.clone()).or_default().extend(rooms);
    }
    assert!(arrows["http::router"].contains("http::graphql"), "imports are found");
    assert_eq!(imports::circle(&arrows), None);
}

#[test]
fn the_domain_is_pure() {
    for (path, text) in sources(Path::new("src/domain")) {
        for line in code(&text) {
            for word in [
                "sqlx",
                "async_graphql",
                "axum",
                "tokio",
                "std::env",
                "std::fs",
                "async fn",
            ] {
                assert!(!line.contains(word), "{} names {word}: {line}", path.display());
            }
        }
    }
}

#[test]
fn every_tool_stays_in_its_room() {
    for (path, text) in sources(Path::new("src")) {
        let shown = path.display().to_string();
        for (word, places) in KEPT_TO {
            if !places.iter().any(|place| shown.starts_with(place)) {
                assert!(!code(&text).any(|line| line.contains(word)), "{shown} names {word}");
            }
        }
    }
}

#[test]
fn every_migration_is_embedded() {
    let entries = fs::read_dir("migrations").expect("the migrations are there");
    let names = entries.map(|entry| entry.expect("a folder entry").path());
    let files = names
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .count();
    assert_eq!(newbee::store::MIGRATOR.iter().count(), files);
}
