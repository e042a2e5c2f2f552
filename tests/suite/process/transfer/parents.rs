//! Parents of users: cycles are named, and trees may be deep.

use super::{import, import_with, user, value};
use crate::support::database::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn cycles_of_parents_are_named_and_their_users_imported_without_parents() {
    let database = TestDatabase::create().await;
    let bound = |id: i64, parent: i64| user(id, &format!(r#","parentId":{parent},"boundAt":1573900001"#));
    // 1 → 2 → 3 → 1; 4 below the cycle, 5 below 4; 6 without a parent, 7 below it; 8 below an unknown user.
    let lines = [
        bound(5, 4),
        bound(1, 2),
        bound(2, 3),
        bound(3, 1),
        bound(4, 2),
        user(6, ""),
        bound(7, 6),
        bound(8, 99),
    ];
    let done = import(&database, &lines.join("\n")).await;
    assert_eq!(done.code, Some(1));
    assert_eq!(done.report["refused"], 4);
    for part in [
        "line 2: binding 1: The parents form a cycle, so these users are imported without a parent: 1 → 2 → 3 → 1.",
        "line 3: binding 2: The parents form a cycle, so these users are imported without a parent: 2 → 3 → 1 → 2.",
        "line 4: binding 3: ",
        "line 8: binding 8: The parent 99 is neither imported nor in the database",
    ] {
        assert!(done.stderr.contains(part), "{part}: {}", done.stderr);
    }
    let links = "select string_agg(format('%s>%s', user_id, parent_id), ' ' order by user_id) from invitation_links";
    assert_eq!(value(&database, links).await, "4>2 5>4 7>6");
    // Together with bindings that exist: 2 is above 4 and 5.
    let done = import(&database, &bound(2, 5)).await;
    done.refused(&[
        "line 1: binding 2: User 5 is a child of this user, directly or through others, so cannot be the parent.",
    ]);
    // Corrected: the users exist, and only their bindings are missing.
    import(&database, &[bound(2, 6), bound(1, 2)].join("\n"))
        .await
        .succeeded();
    assert_eq!(value(&database, links).await, "1>2 2>6 4>2 5>4 7>6");
}

/// Cycles of several lengths, each with a long line of users below it, and a long line below a user without a parent.
#[tokio::test(flavor = "multi_thread")]
async fn long_cycles_and_deep_trees_are_imported_as_far_as_possible() {
    let database = TestDatabase::create().await;
    let bound = |id: i64, parent: i64| user(id, &format!(r#","parentId":{parent},"boundAt":1573900001"#));
    let mut lines = vec![user(90_000, "")];
    lines.extend((90_001..=91_500).map(|id| bound(id, id - 1)));
    for (first, length, below) in [(1_000, 2, 300), (2_000, 20, 5), (3_000, 21, 0), (4_000, 130, 257)] {
        lines.extend((0..length).map(|place| bound(first + place, first + (place + 1) % length)));
        lines.extend((0..below).map(|place| bound(first + length + place, first + length + place - 1)));
    }
    lines.reverse();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refused.txt");
    let done = import_with(&database, &lines.join("\n"), &["--errors", path.to_str().unwrap()]).await;
    let refused = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        (done.count("binding", "refused"), done.count("user", "refused")),
        (2 + 20 + 21 + 130, 0)
    );
    for part in [
        "binding 1001: The parents form a cycle, so these users are imported without a parent: 1001 → 1000 → 1001.",
        " → 2018 → 2019 → 2000.",
        "3000 → 3001 → 3002 → 3003 → 3004 → 3005 → 3006 → 3007 → 3008 → 3009 → 3010 → 3011 → 3012 → 3013 → 3014 → 3015 → \
         3016 → 3017 → 3018 → 3019 → ….",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let links =
        "select count(*)::text || ' ' || count(*) filter (where parent_id <> user_id - 1) from invitation_links";
    assert_eq!(value(&database, links).await, format!("{} 0", 1_500 + 300 + 5 + 257));
    database.assert_books_balance().await;
}
