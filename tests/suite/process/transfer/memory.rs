//! The memory of imports and exports does not grow with the number of lines.

use std::fmt::Write;
use std::process::Stdio;

use super::file;
use crate::support::database::TestDatabase;
use crate::support::program::newbee;
use crate::support::wait_until;

fn lines(awards: usize) -> String {
    let mut lines = String::new();
    for user in 1..=awards / 10 {
        writeln!(lines, r#"{{"type":"user","userId":{user},"createdAt":1573900000}}"#).expect("a text");
    }
    for award in 1..=awards {
        writeln!(
            lines,
            r#"{{"id":"{award}","user_id":"{}","award_item":"join_group","award_type":"daily","amount":"1.0000","coin_id":"1","target_id":"0","status":"1","create_time":"1573985312","update_time":"1573985312"}}"#,
            1 + award % (awards / 10)
        )
        .expect("a text");
    }
    lines
}

/// Peak memory of a command in bytes. It only grows, so the last reading before the end of the process misses little.
async fn peak(database: &TestDatabase, arguments: &[&str]) -> u64 {
    let mut command = newbee();
    command.args(arguments).envs(database.environment());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("newbee starts");
    let status = format!("/proc/{}/status", child.id().expect("newbee runs"));
    let (mut most, mut code) = (0, None);
    wait_until("the command ends", async || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        // A process that has ended has no memory.
        if let Some(line) = text.lines().find(|line| line.starts_with("VmHWM:")) {
            let kilobytes: u64 = line
                .split_whitespace()
                .nth(1)
                .expect("a size")
                .parse()
                .expect("a number");
            most = kilobytes * 1024;
        }
        code = child.try_wait().expect("a child");
        code.is_some()
    })
    .await;
    assert!(code.is_some_and(|code| code.success()), "{arguments:?}");
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_the_lines_need_no_more_memory() {
    let mut peaks = Vec::new();
    for awards in [2_000, 20_000] {
        let database = TestDatabase::create().await;
        let (_folder, path) = file(&lines(awards));
        let imported = peak(&database, &["import", path.to_str().expect("a path")]).await;
        let exported = peak(&database, &["export"]).await;
        peaks.push((imported, exported));
    }
    let [(import, export), (large_import, large_export)] = peaks[..] else {
        panic!("two sizes")
    };
    // The file of 20,000 awards has 4 MB, and its records in memory many times that.
    let allowed = 4 * 1024 * 1024;
    assert!(large_import < import + allowed, "import: {import}, then {large_import}");
    assert!(large_export < export + allowed, "export: {export}, then {large_export}");
}
