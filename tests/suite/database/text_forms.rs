//! Stored search names, codes and words of an older rule are computed anew by `newbee migrate`.

use newbee::domain::api_key::Scope;
use newbee::domain::text::RULE_VERSION;
use newbee::service::renew_text_forms::{RenewedForms, renew_text_forms};
use serde_json::json;
use sqlx::Executor;

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::program::run;
use crate::support::words::{create, terms};

/// As an older version left them.
const OLD_FORMS: &str = "
    update users set name = 'İpek', search_name = null where user_id = 1;

    update users set name = 'ㅤ', search_name = null where user_id = 2;

    update invitations set code = 'Ａ１' where user_id = 1;

    update invitation_codes set normalised_code = 'Ａ１' where user_id = 1;

    update invitations set code = 'B2' where user_id = 2;

    update invitation_codes set normalised_code = 'B2' where user_id = 2;

    update invitations set code = 'B2\u{ad}' where user_id = 3;

    update invitation_codes set normalised_code = 'B2\u{ad}' where user_id = 3;

    alter table word_campaigns disable trigger user;

    update word_campaigns set word = '❤\u{fe0f}', normalised_word = '❤\u{fe0f}';

    alter table word_campaigns enable trigger user;

    update text_forms set rule_version = 0";

#[tokio::test]
async fn a_process_of_another_rule_does_not_start() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let store = async |version: i32| {
        let stored = sqlx::query("update text_forms set rule_version = $1").bind(version);
        stored.execute(&pool).await.unwrap();
    };
    for (version, part) in [
        (RULE_VERSION - 1, "Run: newbee migrate"),
        (RULE_VERSION + 1, "Use the newer newbee"),
    ] {
        store(version).await;
        for command in [["serve", "--listen", "127.0.0.1:0"].as_slice(), &["user", "add", "1"]] {
            let (code, _, error) = run(&database, command).await;
            assert!(code == Some(1) && error.contains(part), "{command:?}: {error}");
            assert!(
                error.contains(&format!("version {version} of the text rule")),
                "{error}"
            );
        }
    }
    store(RULE_VERSION - 1).await;
    let (code, migrated, error) = run(&database, &["migrate", "--json"]).await;
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert!(
        migrated.contains("\"applied\": 0") && migrated.contains("\"conflicts\": []"),
        "{migrated}"
    );
    assert_eq!(run(&database, &["user", "add", "1"]).await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_an_older_rule_are_renewed_once() {
    let app = TestApp::start().await;
    let desk = app.api_key("desk", &[Scope::OpsRead]).await;
    let mut users = Vec::new();
    for id in 1..=4 {
        users.push(app.add_user(id).await);
    }
    create(&app, &terms(&app, "heart", 50)).await;
    app.pool().execute(OLD_FORMS).await.unwrap();

    let mut connection = app.pool().acquire().await.unwrap();
    let renewed = renew_text_forms(&mut connection).await.unwrap();
    assert_eq!(
        renewed,
        RenewedForms {
            names: 1,
            codes: 1,
            words: 1,
            conflicts: vec!["invitation code of user 3".into()],
        }
    );
    assert_eq!(
        renew_text_forms(&mut connection).await.unwrap(),
        RenewedForms::default(),
        "once a version"
    );
    let found = app
        .admin(&desk, "{ findUsers(text: \"ipek\") { id } }", json!({}))
        .await;
    assert_eq!(found["findUsers"], json!([{ "id": "1" }]));
    let bind = "mutation { setInvitation(parentCode: \"A1\") { userErrors { code } } }";
    assert_eq!(app.ask(&users[3], bind).await["setInvitation"]["userErrors"], json!([]));
    let submit = "mutation { submitWord(word: \"❤\") { userErrors { code } } }";
    assert_eq!(app.ask(&users[3], submit).await["submitWord"]["userErrors"], json!([]));
    let refused = app
        .pool()
        .execute("update word_campaigns set normalised_word = 'x'")
        .await;
    assert!(refused.is_err(), "the guard of the terms is back");
    app.stop().await;
}
