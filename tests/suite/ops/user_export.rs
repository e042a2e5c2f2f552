//! The export of a user: everything that is stored about them, from every table.

use std::collections::{BTreeMap, BTreeSet};

use newbee::domain::api_key::Scope;
use newbee::store::user_export::{HIDDEN, LEFT_OUT, PARTS, camel_case};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::commands;
use crate::support::program::run;
use crate::support::whole_person::WholePerson;

const EXPORT: &str = "query ($id: ID!) { userExport(id: $id) }";

/// Tables with a column that names a user, each with all of its columns.
async fn tables_about_users(app: &TestApp) -> BTreeMap<String, BTreeSet<String>> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select c.table_name::text, c.column_name::text
         from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
         where table_schema = 'public' and t.table_type = 'BASE TABLE'",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, column) in columns {
        tables.entry(table).or_default().insert(column);
    }
    tables.retain(|_, columns| {
        columns
            .iter()
            .any(|column| column.ends_with("user_id") || column == "parent_id")
    });
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_about_users_is_exported_or_left_out_for_a_reason() {
    let app = TestApp::start().await;
    let person = WholePerson::make(&app).await;
    let tables = tables_about_users(&app).await;
    let declared: BTreeSet<&str> = PARTS
        .iter()
        .map(|(_, table)| *table)
        .chain(LEFT_OUT.map(|(table, _)| table))
        .collect();
    assert_eq!(tables.keys().map(String::as_str).collect::<BTreeSet<_>>(), declared);

    let export = app.admin(&person.ops, EXPORT, json!({ "id": "17" })).await["userExport"].take();
    assert_eq!(export["id"], "17");
    for (part, table) in PARTS {
        let value = &export[camel_case(part)];
        let row = if value.is_array() { &value[0] } else { value };
        let names = row.as_object().unwrap_or_else(|| panic!("{part} is empty: {export}"));
        if part == "children" {
            assert_eq!(row["childId"], "18");
            continue;
        }
        for column in tables[table].iter().filter(|column| !HIDDEN.contains(&column.as_str())) {
            assert!(
                names.contains_key(&camel_case(column)),
                "{table}.{column} is not exported: {row}"
            );
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_what_the_user_knows_and_no_keys() {
    let app = TestApp::start().await;
    let person = WholePerson::make(&app).await;
    let export = app.admin(&person.ops, EXPORT, json!({ "id": "17" })).await["userExport"].take();
    assert_eq!(export["user"]["name"], "Zux the Second");
    assert_eq!(export["invitation"]["code"], person.user.code.as_str());
    assert_eq!(export["invitation"]["parentId"], "19");
    assert_eq!(export["streak"]["streakLength"], 1);
    assert_eq!(export["wordShares"][0]["word"], "moon");
    assert_eq!(export["reservations"][0]["campaignKey"], "alpha");
    let items = |part: &str, field: &str| -> BTreeSet<String> {
        let rows = export[part].as_array().unwrap().iter();
        rows.map(|row| row[field].as_str().unwrap().to_owned()).collect()
    };
    let earned = ["join_group", "send_gift", "set_fomo_id", "sign_in", "word"].map(str::to_owned);
    assert!(items("awards", "item").is_superset(&earned.into()), "{export}");
    for part in ["awards", "ledgerEntries"] {
        for amount in items(part, "amount") {
            let places = amount.split_once('.').map(|(_, places)| places.len());
            assert_eq!(places, Some(4), "{amount}");
        }
    }
    let seen = [
        "update_user",
        "read_user",
        "find_users",
        "act_for_users",
        "set_invitation",
    ]
    .map(str::to_owned);
    assert!(items("auditLog", "action").is_superset(&seen.into()), "{export}");
    let text = export.to_string();
    assert!(!text.contains(&person.user.key) && !text.contains("Hash"), "{text}");
    for other in ["User 18", "User 19"] {
        assert!(!text.contains(other), "{other}");
    }
    // The read is recorded; an unknown user has no export.
    let reads = "select count(*) from audit_log where action = 'read_user' and user_id = 17";
    assert_eq!(app.count(reads).await, 2);
    let unknown = app.admin(&person.ops, EXPORT, json!({ "id": "4711" })).await;
    assert_eq!(unknown, json!({ "userExport": null }));
    let host = app.api_key("other", &[Scope::Host]).await;
    let (_, refused) = app.admin_reply(Some(&host), EXPORT, json!({ "id": "17" })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_the_same_document() {
    let app = TestApp::start().await;
    let person = WholePerson::make(&app).await;
    let printed: Value =
        serde_json::from_str(&commands::said(app.database(), &["user", "export", "17"]).await).expect("JSON");
    let mut export = app.admin(&person.ops, EXPORT, json!({ "id": "17" })).await["userExport"].take();
    // The first of the two reads was recorded before the second.
    let log = export["auditLog"].as_array_mut().expect("entries");
    assert_eq!(log.pop().expect("a read")["action"], "read_user");
    assert_eq!(printed, export);
    let (code, _, error) = run(app.database(), &["user", "export", "4711"]).await;
    assert!(code == Some(1) && error.contains("There is no user 4711"), "{error}");
    // Of an erased user, what was kept.
    commands::said(app.database(), &["user", "erase", "17", "--reason", "a test"]).await;
    let kept: Value =
        serde_json::from_str(&commands::said(app.database(), &["user", "export", "17"]).await).expect("JSON");
    assert!(
        kept["user"]["name"].is_null() && !kept["user"]["erasedAt"].is_null(),
        "{kept}"
    );
    assert_eq!(kept["reports"], json!([]));
    assert_eq!(kept["balances"], export["balances"], "the books stay");
    app.stop().await;
}
