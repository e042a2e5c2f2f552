//! `.sqlx/`, against which the build checks the SQL statements, agrees with the schema and with the sources.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, SqlSafeStr};

use crate::support::database::TestDatabase;

/// A file of `.sqlx/`: a statement, and its description by the database.
#[derive(serde::Deserialize)]
struct Statement {
    query: String,
    describe: Value,
}

fn statements() -> Vec<Statement> {
    let files = fs::read_dir(".sqlx").expect("the statements are there");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(path).expect("a statement can be read");
        serde_json::from_str(&text).expect("a statement is JSON")
    };
    files.map(|file| read(file.expect("a folder entry").path())).collect()
}

/// With the nullability that the build uses: none if the name of the column states it, and unknown is nullable.
fn used(mut describe: Value) -> Value {
    let columns = describe["columns"].as_array().expect("columns").clone();
    for (place, column) in columns.iter().enumerate() {
        let is_stated = column["name"].as_str().expect("a name").contains(['!', '?']);
        let nullable = &mut describe["nullable"][place];
        *nullable = Value::Bool(is_stated || *nullable != Value::Bool(false));
    }
    describe
}

#[tokio::test]
async fn the_database_describes_each_statement_as_the_build_knows_it() {
    let database = TestDatabase::create().await;
    let mut connection = database.options.connect().await.expect("the test's database");
    let mut wrong = Vec::new();
    for Statement { query, describe } in statements() {
        match connection.describe(AssertSqlSafe(query.as_str()).into_sql_str()).await {
            Err(error) => wrong.push(format!("{error}: {query}")),
            Ok(found) => {
                let found = used(serde_json::to_value(&found).expect("a description is JSON"));
                if found != used(describe) {
                    wrong.push(format!("{query}\nis now {found}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "run .ci/prepare:\n{}", wrong.join("\n"));
}

/// The string literals of a source file that have no escapes, as statements have none.
fn literals(mut source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while let Some(place) = source.find(['"', '\'', '/']) {
        let (before, from) = source.split_at(place);
        let after = &from[1..];
        source = if from.starts_with("//") {
            from.split_once('\n').map_or("", |(_, next)| next)
        } else if let Some(next) = from.strip_prefix("'\"'") {
            next
        } else if !from.starts_with('"') {
            after
        } else if before.ends_with("r#") {
            let (literal, next) = after.split_once("\"#").expect("a raw literal ends");
            found.push(literal);
            next
        } else {
            let mut is_escaped = false;
            let end = after.find(|character| {
                let is_end = character == '"' && !is_escaped;
                is_escaped = character == '\\' && !is_escaped;
                is_end
            });
            let (literal, next) = after.split_at(end.expect("a literal ends"));
            found.extend(Some(literal).filter(|literal| !literal.contains('\\')));
            &next[1..]
        };
    }
    found
}

/// Returns true if a text is a sequence of these pieces. Shorter ones than the shortest part of a statement do not count.
fn is_made_of(text: &str, pieces: &[&str]) -> bool {
    let mut is_reached = vec![false; text.len() + 1];
    is_reached[0] = true;
    for place in 0..text.len() {
        if is_reached[place] {
            for piece in pieces.iter().filter(|piece| piece.len() >= "made".len()) {
                if text[place..].starts_with(piece) {
                    is_reached[place + piece.len()] = true;
                }
            }
        }
    }
    is_reached[text.len()]
}

fn sources(folder: &Path, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            found.extend(sources(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(fs::read_to_string(&path).expect("a source file is text"));
        }
    }
    found
}

#[test]
fn each_statement_is_in_the_sources() {
    let mut programs = sources(Path::new("src/store"), "rs");
    programs.extend(sources(Path::new("src/private_postgres"), "rs"));
    let pieces: Vec<_> = programs.iter().flat_map(|source| literals(source)).collect();
    let files = sources(Path::new("src/store"), "sql");
    for Statement { query, .. } in statements() {
        let is_there = files.contains(&query) || is_made_of(&query, &pieces);
        assert!(
            is_there,
            "no source has this statement any more; run .ci/prepare:\n{query}"
        );
    }
}
