//! Connection poolers between newbee and Postgres: settings that are dropped, and messages of other sessions.

use std::sync::Arc;

use newbee::domain::api_key::Scope;
use newbee::service::ServiceError;
use newbee::store::pools::Pools;
use newbee::store::unavailable::{Unavailable, unavailable};
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};
use crate::support::proxy::{DatabaseProxy, Tampering};
use crate::support::words;

async fn serve(url: &str) -> (Option<i32>, String) {
    let output = newbee()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", url)
        .output()
        .await
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_refuses_sessions_without_their_limits() {
    let database = TestDatabase::create().await;
    let dropping = Tampering {
        drop_limits: true,
        ..Tampering::default()
    };
    let proxy = DatabaseProxy::start(&database.options, dropping).await;
    let (code, errors) = serve(&proxy.url(&database.options)).await;
    assert_eq!(code, Some(1), "{errors}");
    for part in [
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "alter role",
    ] {
        assert!(errors.contains(part), "{part}: {errors}");
    }

    // What the message recommends helps: here for the database, as other tests have the same role.
    let pool = database.pool();
    for (setting, value) in [
        ("statement_timeout", "30s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ] {
        let name = database.options.get_database().unwrap();
        let sql = format!("alter database {name} set {setting} = '{value}'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    }
    let url = proxy.url(&database.options);
    let output = newbee()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", &url)
        .env("NEWBEE_READ_DATABASE_URL", &url)
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("instead of remote_apply in the database session"),
        "{errors}"
    );
    let app = TestApp::builder()
        .pools(Pools::connect_lazily(proxy.options(&database.options), 8))
        .start()
        .await;
    let user = app.add_user(1).await;
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    app.stop().await;
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_parameter_of_the_url_can_be_refused_by_a_pooler_which_is_explained() {
    let database = TestDatabase::create().await;
    let refusing = Tampering {
        refuse_options: true,
        ..Tampering::default()
    };
    let proxy = DatabaseProxy::start(&database.options, refusing).await;
    let url = proxy.url(&database.options);
    let mut command = newbee();
    command.args(["serve", "--scheduler", "off"]).env("DATABASE_URL", &url);
    Program::start(command).await.terminate().await;

    let (code, errors) = serve(&format!("{url}&options=-c%20work_mem%3D8MB")).await;
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("ignore_startup_parameters"), "{errors}");
}

/// As when another client's LISTEN was left on a shared server connection: the notification arrives in the middle of a
/// statement, which is committed all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_notification_of_another_session_fails_no_verb_and_its_connection_is_not_used_again() {
    for command in ["INSERT", "COMMIT", "SELECT"] {
        let database = TestDatabase::create().await;
        let notifying = Tampering {
            notify_before: Some(command),
            ..Tampering::default()
        };
        let proxy = DatabaseProxy::start(&database.options, notifying).await;
        let app = Arc::new(
            TestApp::builder()
                .pools(Pools::connect_lazily(proxy.options(&database.options), 8))
                .start()
                .await,
        );
        let mut users = Vec::new();
        for id in 1..=4 {
            users.push(app.add_user(id).await);
        }
        let host = app.api_key("chat", &[Scope::Host]).await;
        words::create(&app, &words::terms(&app, "moon", 10)).await;
        let (code, connections) = (users[0].code.clone(), proxy.accepted());
        let mut requests = JoinSet::new();
        proxy.tamper_with(3);
        for user in users[1..].iter().cloned() {
            let (app, code, host) = (Arc::clone(&app), code.clone(), host.clone());
            requests.spawn(async move {
                let signed_in = "mutation { signInToday { award { item } userErrors { code } } }";
                let signed_in = app.ask(&user, signed_in).await;
                assert_eq!(
                    signed_in["signInToday"],
                    json!({ "award": { "item": "sign_in" }, "userErrors": [] }),
                    "the award that this very request made"
                );
                let bind = "mutation($code: String!) { setInvitation(parentCode: $code) { invitation { parentId } userErrors { code } } }";
                let bound = app.ask_with(&user, bind, json!({ "code": code })).await;
                assert_eq!(
                    bound["setInvitation"],
                    json!({ "invitation": { "parentId": "user_1" }, "userErrors": [] })
                );
                let word = app.ask(&user, "mutation { submitWord(word: \"none\") { userErrors { code } } }").await;
                assert_eq!(word["submitWord"]["userErrors"][0]["code"], "WORD_UNAVAILABLE");
                let claimed = words::submit(&app, &user, "moon").await;
                assert_eq!(claimed["userErrors"], json!([]), "the share that this very request claimed");
                let record = "mutation ($tasks: [TaskInput!]!) { recordTasks(tasks: $tasks) { results { refused { code } } } }";
                let task = json!({ "userId": 1, "item": "join_group", "targetId": user.code, "idempotencyKey": user.code });
                let recorded = app.admin(&host, record, json!({ "tasks": [task] })).await;
                assert_eq!(recorded["recordTasks"]["results"], json!([{ "refused": null }]));
                app.ask(&user, "{ me { name newbeeAwards { id } } }").await;
            });
        }
        requests.join_all().await;
        assert!(proxy.tampered() > 0, "{command}: a notification came in between");
        assert!(
            proxy.accepted() > connections,
            "{command}: a connection that received one is replaced"
        );
        let Ok(app) = Arc::try_unwrap(app) else {
            panic!("all requests are done")
        };
        app.stop().await;
    }
}

/// As HAProxy does without a server behind it: the connection is closed before TLS was agreed upon.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_without_a_server_is_a_database_that_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/x?sslmode=prefer", listener.local_addr().unwrap());
    let closing = tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = client.read(&mut [0; 8]).await;
        }
    });
    let pool = Pools::connect_lazily(url.parse::<PgConnectOptions>().unwrap(), 1).api;
    let error = pool.acquire().await.unwrap_err();
    assert!(error.to_string().contains("SSLRequest"), "{error}");
    assert_eq!(unavailable(&error), Some(Unavailable::Away));
    assert!(ServiceError::from(error).is_unavailable());
    closing.abort();
}
