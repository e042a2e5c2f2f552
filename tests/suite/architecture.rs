//! The map of the house holds: arrows go one way, and each tool stays in its room.

use std::fs;
use std::path::{Path, PathBuf};

/// For each room the rooms that it may use, besides its own and the leaves.
const ARROWS: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("messages", &["domain"]),
    ("store", &["domain"]),
    ("read", &["domain", "store"]),
    ("service", &["domain", "store"]),
    // The admin API shows and asks for runs; the scheduler knows no endpoint.
    ("graphql", &["domain", "read", "service", "scheduler"]),
    ("http", &["domain", "read", "service", "graphql"]),
    ("scheduler", &["domain", "store", "service"]),
    ("demo", &["domain", "store", "service"]),
];
const ROOMS: [&str; 9] = [
    "domain",
    "store",
    "read",
    "service",
    "graphql",
    "http",
    "scheduler",
    "demo",
    "cli",
];

/// Words that may stand only in some places.
const KEPT_TO: [(&str, &[&str]); 8] = [
    // The configuration names it as the target of its log lines.
    ("tokio_cron_scheduler", &["src/scheduler/alarm.rs", "src/config/mod.rs"]),
    ("sqlx::query", &["src/store/", "src/private_postgres/"]),
    // All else goes through connections with deadlines.
    ("sqlx::PgPool", &["src/store/bounded/", "src/private_postgres/"]),
    ("PgPoolOptions", &["src/store/bounded/"]),
    ("PgListener", &["src/store/bounded/"]),
    ("async_graphql", &["src/graphql/", "src/http/"]),
    ("axum::", &["src/http/"]),
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
    let files = fs::read_dir("migrations").expect("the migrations are there").count();
    assert_eq!(newbee::store::MIGRATOR.iter().count(), files);
}
