//! `newbee import` and `newbee export` by the real program.

mod dry_run;
mod formats;
mod limits;
mod memory;
mod order;
mod parents;
mod refused;
mod resume;
mod round_trip;

use std::path::PathBuf;

use newbee::service::jobs::audit_books::AuditBooks;
use newbee::service::jobs::{AnyJob, JobEnd};
use newbee::store::book_audits::checks;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::program::run;

/// Result of an import.
struct Done {
    code: Option<i32>,
    report: Value,
    stderr: String,
}

impl Done {
    /// Number of records of a type with an outcome.
    fn count(&self, kind: &str, outcome: &str) -> i64 {
        self.report["records"][kind][outcome].as_i64().unwrap_or(0)
    }

    /// Fails unless everything was imported or is there.
    fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{} {}", self.report, self.stderr);
        self
    }

    /// Fails unless exactly these lines were refused.
    fn refused(&self, expected: &[&str]) {
        assert_eq!(self.code, Some(1), "{}", self.stderr);
        let lines: Vec<_> = self.stderr.lines().filter(|line| line.starts_with("line ")).collect();
        assert_eq!(lines, expected);
        assert_eq!(self.report["refused"], expected.len());
    }
}

fn user(id: i64, more: &str) -> String {
    format!(r#"{{"type":"user","userId":{id},"createdAt":1573900000{more}}}"#)
}

fn award(id: i64, user: i64, amount: &str) -> String {
    format!(
        r#"{{"type":"award","awardId":{id},"userId":{user},"item":"join_group","awardType":"DAILY","amount":"{amount}","coinId":"1","status":"SETTLED","createdAt":1573985312}}"#
    )
}

/// A file of these lines, deleted with the folder.
fn file(lines: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lines.ndjson");
    std::fs::write(&path, lines).expect("a file");
    (folder, path)
}

async fn import_with(database: &TestDatabase, lines: &str, arguments: &[&str]) -> Done {
    let (_folder, path) = file(lines);
    let path = path.to_str().expect("a path");
    let (code, stdout, stderr) = run(database, &[&["import", path, "--json"], arguments].concat()).await;
    Done {
        code,
        report: serde_json::from_str(&stdout).unwrap_or_default(),
        stderr,
    }
}

async fn import(database: &TestDatabase, lines: &str) -> Done {
    import_with(database, lines, &[]).await
}

async fn export(database: &TestDatabase) -> String {
    let (code, stdout, stderr) = run(database, &["export"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    stdout
}

/// One value of the database as text.
async fn value(database: &TestDatabase, sql: &'static str) -> String {
    let pool = database.pool();
    let found: Option<String> = sqlx::query_scalar(sql).fetch_one(&pool).await.expect("a value");
    pool.close().await;
    found.unwrap_or_default()
}

/// Content of all tables, by name.
async fn contents(database: &TestDatabase) -> Vec<(String, String)> {
    let pool = database.pool();
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut contents = Vec::new();
    for table in tables {
        contents.push((table.clone(), rows(&pool, &table, &[]).await));
    }
    pool.close().await;
    contents
}

/// All rows of a table in a fixed order, without some columns.
async fn rows(pool: &newbee::store::bounded::PgPool, table: &str, without: &[&str]) -> String {
    let sql = format!(
        "select coalesce(string_agg(r::text, E'\\n' order by r::text), '') from (select to_jsonb(t) - $1::text[] as r from {table} t) rows"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(without)
        .fetch_one(pool)
        .await
        .unwrap_or_else(|error| panic!("{table}: {error}"))
}

/// Fails if `audit_books` finds a violation.
async fn assert_audit_is_clean(app: &TestApp) {
    let mut context = app.context("audit", 1).await;
    context.business_day = Some(app.now().day);
    let JobEnd::Done(report) = AuditBooks::SCHEDULED.run(context).await.expect("the audit ends") else {
        panic!("nobody asked it to stop");
    };
    assert_eq!(report["violations"], 0, "{report:#}");
    assert_eq!(report["checks"], checks::all().count());
}
