//! Every text about a user is erased: a marker in each of them is found nowhere in the database afterwards.

use std::collections::BTreeSet;

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::ops::scopes::{Schema, TABLE};
use crate::support::app::TestApp;
use crate::support::program::run;
use crate::support::whole_person::{CODE, MARKER, WholePerson};

const ERASE: &str =
    "mutation ($dryRun: Boolean!) { eraseUser(userId: \"17\", reason: \"request 4711\", dryRun: $dryRun) {
    changed endedSessions forgottenRequests redactedAwards redactedChildren redactedEntries refused { code } } }";

/// Text arguments and fields of the mutations for the host and its bots. [`WholePerson`] puts the marker into each of
/// them, except into the reason of the erasure, which is kept.
const TEXTS: [&str; 15] = [
    "actForUsers.acts.reserve.idempotencyKey",
    "actForUsers.acts.reserve.key",
    "actForUsers.acts.setInvitation.idempotencyKey",
    "actForUsers.acts.setInvitation.parentCode",
    "actForUsers.acts.signIn.idempotencyKey",
    "actForUsers.acts.submitWord.idempotencyKey",
    "actForUsers.acts.submitWord.word",
    "eraseUser.reason",
    "issueSession.idempotencyKey",
    "recordTasks.tasks.idempotencyKey",
    "recordTasks.tasks.item",
    "recordTasks.tasks.targetId",
    "registerSession.key",
    "registerUsers.users.code",
    "registerUsers.users.name",
];

/// Columns of texts, of JSON and of lists of texts that hold the marker in some spelling.
async fn marked(app: &TestApp) -> BTreeSet<String> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select c.table_name::text, c.column_name::text
         from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
         where table_schema = 'public' and t.table_type = 'BASE TABLE'
           and (c.data_type in ('text', 'character varying', 'jsonb', 'json', 'ARRAY'))",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    assert!(columns.len() > 50);
    let mut found = BTreeSet::new();
    for (table, column) in columns {
        let sql = format!("select exists (select 1 from \"{table}\" where \"{column}\"::text ilike $1)");
        let holds: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(format!("%{MARKER}%"))
            .fetch_one(app.pool())
            .await
            .unwrap();
        if holds {
            found.insert(format!("{table}.{column}"));
        }
    }
    found
}

/// Every row of every table, as text.
async fn everything(app: &TestApp) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'
         order by 1",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let sql = format!("select coalesce(string_agg(t::text, ' ' order by t::text), '') from \"{table}\" t");
        let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(app.pool())
            .await
            .unwrap();
        rows.push((table, text));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marker_in_every_text_about_a_user_is_gone_after_the_erasure() {
    let app = TestApp::start().await;
    let person = WholePerson::make(&app).await;
    let expected = [
        "audit_log.after",
        "audit_log.before",
        "awards.source_key",
        "awards.target_id",
        "grant_lines.label",
        "invitation_codes.normalised_code",
        "invitations.code",
        "invitations.parent_code",
        "session_requests.request_key",
        "task_requests.idempotency_key",
        "users.name",
        "users.portrait_uri",
        "users.search_name",
    ];
    assert_eq!(marked(&app).await, expected.map(str::to_owned).into());

    let before = everything(&app).await;
    let erase = async |dry_run: bool| app.admin(&person.host, ERASE, json!({ "dryRun": dry_run })).await;
    let planned = erase(true).await;
    assert_eq!(everything(&app).await, before, "a dry run changes nothing");
    let erased = erase(false).await;
    assert_eq!(erased, planned);
    assert_eq!(
        erased["eraseUser"],
        json!({ "changed": true, "endedSessions": 2, "forgottenRequests": 13, "redactedAwards": 4, "redactedChildren": 1,
                "redactedEntries": 2, "refused": null })
    );
    assert_eq!(marked(&app).await, BTreeSet::new());
    app.assert_audit_finds_nothing().await;
    assert_eq!(erase(false).await["eraseUser"]["changed"], false);

    // The code stays retired, in every spelling.
    let register = "mutation ($users: [UserInput!]!) { registerUsers(users: $users) { refused { code } } }";
    for (user, code) in [(20, CODE), (21, "zuxcode")] {
        let report = json!([{ "userId": user, "code": code }]);
        let refused = app.admin(&person.host, register, json!({ "users": report })).await;
        assert_eq!(
            refused["registerUsers"]["refused"][0]["code"], "CODE_REFUSED",
            "{refused}"
        );
    }
    // The child keeps the parent, under the number.
    let child = app
        .admin(
            &person.ops,
            "{ user(id: 18) { invitation { parentId parentCode } } }",
            json!({}),
        )
        .await;
    let invitation = &child["user"]["invitation"];
    assert_eq!(invitation["parentId"], "17");
    assert_eq!(invitation["parentCode"].as_str().map(str::len), Some(8), "{child}");
    let bind = "mutation ($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }";
    let again = app.ask_with(&person.child, bind, json!({ "code": CODE })).await;
    assert_eq!(
        again["setInvitation"]["userErrors"][0]["code"],
        "INVITATION_ALREADY_SET"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_of_the_host_is_among_those_that_are_erased() {
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    let schema = Schema::read(&app, &key).await;
    let mut texts = BTreeSet::new();
    for (path, _) in TABLE
        .iter()
        .filter(|(_, scope)| matches!(scope, Some(Scope::Host | Scope::Act)))
    {
        let (root, name) = path.split_once('.').unwrap();
        let field = schema.fields(root).find(|field| field["name"] == name).unwrap();
        collect(&schema, name, &field["args"], &mut texts);
    }
    let mut expected: BTreeSet<String> = TEXTS.map(str::to_owned).into();
    expected.extend(["registerUsers.users.portraitUri", "revokeSession.key"].map(str::to_owned));
    assert_eq!(texts, expected, "plant a marker in each text");
    app.stop().await;
}

/// Adds the paths of all arguments or input fields of the type `String`.
fn collect(schema: &Schema, path: &str, inputs: &Value, texts: &mut BTreeSet<String>) {
    for input in inputs.as_array().into_iter().flatten() {
        let path = format!("{path}.{}", input["name"].as_str().unwrap());
        let mut kind = &input["type"];
        while !kind["ofType"].is_null() {
            kind = &kind["ofType"];
        }
        let name = kind["name"].as_str().unwrap();
        match kind["kind"].as_str().unwrap() {
            "INPUT_OBJECT" => collect(schema, &path, &schema.0[name]["inputFields"], texts),
            _ if name == "String" => {
                texts.insert(path);
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_award_loses_its_texts_only_with_its_user() {
    let app = TestApp::start().await;
    let person = WholePerson::make(&app).await;
    let redact = "update awards set target_id = null, source_key = 'erased:' || award_id where user_id = 17 and source = 'send_gift'";
    let rebind = "update invitations set parent_code = (select code from invitations where user_id = 17) || 'X' where user_id = 18";
    let relabel = "update grant_lines set label = 'erased:1'";
    for forbidden in [redact, rebind, relabel, "delete from retired_invitation_codes"] {
        if forbidden.starts_with("delete") {
            app.sql("insert into retired_invitation_codes values (sha256('other'))")
                .await;
        }
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(forbidden)).execute(app.pool()).await;
        assert!(refused.is_err(), "{forbidden}");
    }
    app.admin(&person.host, ERASE, json!({ "dryRun": false })).await;
    for forbidden in [
        "update awards set target_id = 'again' where user_id = 17",
        "update awards set source_key = 'again' where user_id = 17",
        "update awards set amount = amount + 1, target_id = null where user_id = 17",
        "update grant_lines set label = 'again'",
        rebind,
    ] {
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(forbidden)).execute(app.pool()).await;
        assert!(refused.is_err(), "{forbidden}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_on_the_command_line_changes_nothing() {
    let app = TestApp::start().await;
    WholePerson::make(&app).await;
    let before = everything(&app).await;
    let erase = ["user", "erase", "17", "--reason", "a test", "--dry-run"];
    let (code, said, _) = run(app.database(), &erase).await;
    assert!(code == Some(0) && said.starts_with("Would erase user 17."), "{said}");
    assert!(said.trim_end().ends_with("Nothing was changed."), "{said}");
    assert_eq!(everything(&app).await, before);
    let (_, said, _) = run(app.database(), &[&erase[..], &["--json"]].concat()).await;
    let counts: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(
        (&counts["changed"], &counts["redactedChildren"]),
        (&json!(true), &json!(1))
    );
    app.stop().await;
}
