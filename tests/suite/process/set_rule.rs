//! `newbee rule` by the real program.

use crate::support::commands::{json, said};
use crate::support::database::TestDatabase;
use crate::support::program::run;

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_keeps_what_is_not_said() {
    let database = TestDatabase::create().await;
    let before = json(&database, &["rule", "show", "join_group"]).await;
    let changed = said(
        &database,
        &["rule", "set", "join_group", "--amount", "2.5", "--reason", "a campaign"],
    )
    .await;
    assert!(
        changed.contains("Changed join_group to version 2: amount ") && changed.contains("→ 2.5000."),
        "{changed}"
    );
    let after = json(&database, &["rule", "show", "join_group"]).await;
    for (name, value) in before[0].as_object().expect("a rule") {
        let may_differ = ["version", "amount", "changedBy", "createdAt", "reason"].contains(&name.as_str());
        assert!(
            may_differ || after[0][name] == *value,
            "{name}: {value} became {}",
            after[0][name]
        );
    }
    let again = said(
        &database,
        &["rule", "set", "join_group", "--amount", "2.5", "--reason", "again"],
    )
    .await;
    assert!(again.contains("Nothing was changed"), "{again}");

    let limit = ["rule", "set", "join_group", "--daily-limit", "7", "--reason", "a cap"];
    assert!(said(&database, &limit).await.contains("daily-limit"));
    let none = [
        "rule",
        "set",
        "join_group",
        "--daily-limit",
        "none",
        "--enabled",
        "off",
        "--reason",
        "no cap",
    ];
    assert!(
        said(&database, &none)
            .await
            .contains("daily-limit 7 → none, enabled on → off")
    );
    assert!(said(&database, &["rule", "list"]).await.contains("join_group"));

    let new = [
        "rule",
        "set",
        "write_post",
        "--type",
        "daily",
        "--amount",
        "1",
        "--coin",
        "1",
        "--reason",
        "new",
    ];
    assert!(
        said(&database, &new)
            .await
            .starts_with("Added write_post: type daily, amount 1.0000, coin 1")
    );
    for (arguments, part) in [
        (
            ["rule", "set", "typo", "--amount", "1", "--reason", "x"].as_slice(),
            "no item \"typo\"",
        ),
        (&["rule", "show", "typo"], "newbee rule list"),
        (
            &["rule", "set", "join_group", "--amount", "-1", "--reason", "x"],
            "greater than 0",
        ),
        (
            &["rule", "set", "join_group", "--amount", "1", "--reason", " "],
            "A reason is required",
        ),
    ] {
        let (code, _, error) = run(&database, arguments).await;
        assert!(code == Some(1) && error.contains(part), "{arguments:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_changed_without_a_version() {
    let database = TestDatabase::create().await;
    let set = |options: &[&'static str]| [&["rule", "set", "join_group", "--reason", "texts"], options].concat();
    let titles = [
        "--title-en",
        "Join a group",
        "--title-zh",
        "加入群组",
        "--link",
        "chatapp://groups",
    ];
    let tried = said(&database, &set(&[&titles[..], &["--dry-run"]].concat())).await;
    let changes = "title-en none → Join a group, title-zh none → 加入群组, link none → chatapp://groups";
    assert!(
        tried.contains(&format!("Texts: {changes}\n\nNothing was changed.")),
        "{tried}"
    );
    assert_eq!(
        said(&database, &set(&titles)).await,
        format!("Changed the texts of join_group: {changes}.\n")
    );
    assert!(
        said(&database, &set(&titles))
            .await
            .contains("already has these terms and texts (version 1)")
    );
    // Omitted texts stay, also when terms change.
    let both = set(&["--amount", "3", "--title-zh", "none"]);
    let changed = said(&database, &both).await;
    assert!(
        changed.contains("to version 2: amount 10.0000 → 3.0000, title-zh 加入群组 → none."),
        "{changed}"
    );
    let shown = said(&database, &["rule", "show", "join_group"]).await;
    assert!(
        shown.ends_with("title-en: Join a group\nlink: chatapp://groups\n"),
        "{shown}"
    );
    let (code, _, error) = run(&database, &set(&["--link", "javascript:alert(1)"])).await;
    assert!(
        code == Some(1) && error.contains("must be an https URL or a deep link"),
        "{error}"
    );
}
