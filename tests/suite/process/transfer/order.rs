//! The order of lines does not matter, and repeated lines have no effect.

use super::formats::LEGACY;
use super::{contents, export, import, value};
use crate::support::database::TestDatabase;

/// Users in a tree of parents, with awards of all statuses.
fn lines() -> Vec<String> {
    let users = (1..=60).map(|user| {
        let parent = match user {
            1 => String::new(),
            _ => format!(r#","parentId":{},"boundAt":{}"#, user / 2, 1_573_900_000 + user),
        };
        format!(r#"{{"type":"user","userId":{user},"name":"User {user}","code":"CODE{user}","createdAt":1573900000{parent}}}"#)
    });
    let awards = (1..=300).map(|award| {
        let status = ["PENDING", "SETTLED", "REVERSED", "VOID"][award % 4];
        format!(
            r#"{{"type":"award","awardId":{award},"userId":{},"item":"join_group","awardType":"DAILY","amount":"{}.5","coinId":"{}","status":"{status}","createdAt":{}}}"#,
            1 + award % 60,
            1 + award % 7,
            1 + award % 2,
            1_573_900_000 + award * 1_000
        )
    });
    let openings = (1..=60).map(|user| {
        format!(
            r#"{{"type":"openingBalance","userId":{user},"coinId":"1","amount":"1","at":1573900000,"entryId":{}}}"#,
            1_000 + user
        )
    });
    users.chain(awards).chain(openings).collect()
}

/// The lines in another order, which depends on the seed.
fn shuffled(mut lines: Vec<String>, seed: u64) -> Vec<String> {
    let mut state = seed;
    for place in (1..lines.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        lines.swap(place, (state >> 33) as usize % (place + 1));
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_lines_gives_the_same_tables() {
    let mut exports = Vec::new();
    for seed in 0..3 {
        let database = TestDatabase::create().await;
        let lines = match seed {
            0 => lines(),
            _ => shuffled(lines(), seed),
        };
        import(&database, &lines.join("\n")).await.succeeded();
        let exported = export(&database).await;
        // The first line has the time of the export.
        exports.push(exported.split_once('\n').expect("lines").1.to_owned());
    }
    assert!(exports[0].lines().count() > 420);
    assert!(exports[0] == exports[1] && exports[1] == exports[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_lines_again_change_nothing() {
    let database = TestDatabase::create().await;
    let lines = [
        LEGACY.to_owned(),
        lines().join("\n").replace("\"awardId\":", "\"awardId\":1000"),
    ]
    .concat();
    let lines = lines
        .replace("\"userId\":", "\"userId\":1000")
        .replace("\"parentId\":", "\"parentId\":1000");
    import(&database, &lines).await.succeeded();
    let before = contents(&database).await;
    let done = import(&database, &lines).await.succeeded();
    assert_eq!(
        (done.count("award", "imported"), done.count("award", "unchanged")),
        (0, 304)
    );
    assert_eq!(
        (done.count("user", "imported"), done.count("user", "unchanged")),
        (0, 62)
    );
    assert_eq!(done.report["before"], done.report["after"]);
    for ((table, before), (_, after)) in before.iter().zip(contents(&database).await) {
        // Each import is an entry of the audit log.
        assert!(table == "audit_log" || *before == after, "{table}");
    }
    // Also twice in one file, after the awards were settled and a user was renamed.
    crate::support::commands::said(&database, &["jobs", "run", "settle_awards"]).await;
    crate::support::commands::said(&database, &["user", "erase", "10007", "--reason", "x"]).await;
    let done = import(&database, &format!("{lines}\n{lines}")).await.succeeded();
    assert_eq!(
        (done.count("award", "repeated"), done.count("user", "repeated")),
        (304, 62)
    );
    assert_eq!(value(&database, "select count(*)::text from awards").await, "304");
}
