//! API keys: made and ended on the command line, and good for as long as they are.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::http_client;
use crate::support::program::run;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_used_listed_and_ended() {
    let app = TestApp::start().await;
    let (code, key, _) = run(
        app.database(),
        &["key", "create", "chat", "--scope", "host", "--scope", "ops-read"],
    )
    .await;
    assert_eq!(code, Some(0));
    let key = key.trim_end();
    assert!(
        key.starts_with("nbk_") && key.len() == 47,
        "the key alone goes to standard output"
    );
    let viewer = app.admin(key, "{ viewer { name scopes } }", json!({})).await;
    assert_eq!(
        viewer["viewer"],
        json!({ "name": "chat", "scopes": ["HOST", "OPS_READ"] })
    );

    let (code, _, error) = run(app.database(), &["key", "create", "chat", "--scope", "host"]).await;
    assert!(code == Some(1) && error.contains("Choose another name"), "{error}");
    for arguments in [
        ["key", "create", "Chat!", "--scope", "host"].as_slice(),
        &["key", "revoke", "nobody"],
    ] {
        assert_eq!(run(app.database(), arguments).await.0, Some(1), "{arguments:?}");
    }
    for arguments in [
        ["key", "create", "other"].as_slice(),
        &["key", "create", "other", "--scope", "root"],
    ] {
        assert_eq!(run(app.database(), arguments).await.0, Some(2), "{arguments:?}");
    }

    let (_, list, _) = run(app.database(), &["key", "list"]).await;
    assert!(
        list.contains("chat") && list.contains("HOST, OPS_READ") && !list.contains(key),
        "{list}"
    );
    let (_, text, _) = run(app.database(), &["key", "list", "--json"]).await;
    let list: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&list[0]["name"], &list[0]["revokedAt"]),
        (&json!("chat"), &Value::Null)
    );

    assert_eq!(run(app.database(), &["key", "revoke", "chat"]).await.0, Some(0));
    let (status, reply) = app.admin_reply(Some(key), "{ viewer { name } }", json!({})).await;
    assert_eq!(
        (status, &reply["errors"][0]["extensions"]["code"]),
        (401, &json!("UNAUTHENTICATED"))
    );
    let (code, again, _) = run(app.database(), &["key", "revoke", "chat"]).await;
    assert!(code == Some(0) && again.contains("before"), "{again}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_open_their_own_door_only() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    for sent in [
        None,
        Some(user.key.as_str()),
        Some("nbk_nobody"),
        Some("demo-session-regular"),
    ] {
        let (status, reply) = app.admin_reply(sent, "{ viewer { name } }", json!({})).await;
        assert_eq!(
            (status, &reply["errors"][0]["extensions"]["code"]),
            (401, &json!("UNAUTHENTICATED")),
            "{sent:?}"
        );
        assert!(
            reply["errors"][0]["message"]
                .as_str()
                .unwrap()
                .contains("newbee key create")
        );
    }
    let reply = app.reply(Some(&key), "{ me { id } }", json!({})).await;
    assert_eq!(reply["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_are_told_is_in_their_language_at_every_door() {
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    let user = app.add_user(17).await;
    let submit = "mutation { submitWord(word: \"moon\") { userErrors { message } } }";
    let register = "mutation { registerUsers(users: [{ userId: 0 }]) { refused { message } } }";
    for (path, key, query, english, chinese) in [
        ("/graphql", "nobody", "{ me { id } }", "session key", "会话密钥"),
        (
            "/graphql",
            user.key.as_str(),
            submit,
            "word does not exist",
            "口令不存在",
        ),
        ("/admin/graphql", "nobody", "{ viewer { name } }", "API key", "API 密钥"),
        ("/admin/graphql", &key, "{ rules { item } }", "OPS_READ", "权限"),
        ("/admin/graphql", &key, register, "positive integer", "大于零的整数"),
    ] {
        for (language, part) in [("en", english), ("zh-CN,zh;q=0.9,en;q=0.8", chinese)] {
            let request = http_client()
                .post(app.url(path))
                .bearer_auth(key)
                .header("accept-language", language)
                .json(&json!({ "query": query }));
            let reply = request.send().await.unwrap().text().await.unwrap();
            assert!(reply.contains(part), "{path} {query} in {language}: {reply}");
        }
    }
    app.stop().await;
}
