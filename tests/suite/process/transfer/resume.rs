//! kill -9 in the middle of an import: repeating it does the rest, and nothing twice.

use std::fmt::Write;
use std::process::Stdio;

use super::{export, file, import, value};
use crate::support::database::TestDatabase;
use crate::support::program::newbee;
use crate::support::wait_until;

/// Users with a parent each, and ten awards each, in the wrong order: 8,800 records.
fn lines() -> String {
    let mut lines = String::new();
    for user in (1..=800).rev() {
        for number in 0..10 {
            let award = user * 10 + number;
            writeln!(
                lines,
                r#"{{"id":"{award}","user_id":"{user}","award_item":"join_group","award_type":"daily","amount":"1.0000","coin_id":"1","target_id":"{number}","status":"{}","create_time":"1573985312","update_time":"1573985312"}}"#,
                award % 3
            )
            .expect("a text");
        }
        let parent = match user {
            1 => String::new(),
            _ => format!(r#","parentId":{},"boundAt":1573985000"#, user / 2),
        };
        writeln!(
            lines,
            r#"{{"type":"user","userId":{user},"code":"U{user}","createdAt":1573900000{parent}}}"#
        )
        .expect("a text");
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_is_repeated_and_does_the_rest() {
    let whole = TestDatabase::create().await;
    let lines = lines();
    import(&whole, &lines).await.succeeded();
    let database = TestDatabase::create().await;
    let (_folder, path) = file(&lines);
    let pool = database.pool();
    // Killed among the users, among the bindings, and among the awards.
    for reached in [
        "select exists (select from users)",
        "select exists (select from invitation_links)",
        "select exists (select from awards)",
        "select (select count(*) from awards) > 2000",
    ] {
        let mut command = newbee();
        command.arg("import").arg(&path).envs(database.environment());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("newbee starts");
        wait_until(reached, async || {
            sqlx::query_scalar::<_, bool>(reached)
                .fetch_one(&pool)
                .await
                .expect("an answer")
        })
        .await;
        child.kill().await.expect("it is killed");
        // Its last statement may still be running; it holds the lock of imports until then.
        wait_until("the session of the import ends", async || {
            sqlx::query_scalar::<_, bool>("select pg_try_advisory_lock(28258, -1) and pg_advisory_unlock(28258, -1)")
                .fetch_one(&pool)
                .await
                .expect("an answer")
        })
        .await;
        database.assert_books_balance().await;
    }
    pool.close().await;
    let found: i64 = value(&database, "select count(*)::text from awards")
        .await
        .parse()
        .unwrap();
    assert!(found < 8_000, "it was killed in the middle: {found}");
    let done = import(&database, &lines).await.succeeded();
    assert_eq!(done.count("award", "unchanged"), found);
    let after_header = |text: String| text.split_once('\n').expect("lines").1.to_owned();
    assert!(after_header(export(&whole).await) == after_header(export(&database).await));
}
