//! Words, codes and keys as people paste them: the same at both APIs.

use newbee::domain::word::WordCampaignRejection;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::http_client;
use crate::support::words::{create, terms, try_to_create};

/// The legacy number of an answer: of `query` with a variable `text`, and of a legacy method.
async fn by_graphql(app: &TestApp, user: &TestUser, query: &str, text: &str) -> i64 {
    let reply = app.ask_with(user, query, json!({ "text": text })).await;
    let payload = reply.as_object().unwrap().values().next().unwrap();
    payload["userErrors"][0]["legacyStatus"].as_i64().unwrap_or(1)
}

async fn by_legacy(app: &TestApp, user: &TestUser, method: &str, parameter: &str, text: &str) -> i64 {
    let url = app.url(&format!("/customer/{method}"));
    let request = http_client()
        .post(url)
        .form(&[("session_key", user.key.as_str()), (parameter, text)]);
    let reply: Value = request.send().await.unwrap().json().await.unwrap();
    reply["status"].as_i64().unwrap()
}

const ENGLAND: &str = "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";

const SCOTLAND: &str = "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";

const SUBMIT: &str = "mutation ($text: String!) { submitWord(word: $text) { userErrors { legacyStatus } } }";

const BIND: &str = "mutation ($text: String!) { setInvitation(parentCode: $text) { userErrors { legacyStatus } } }";

const RESERVE: &str = "mutation ($text: String!) { reserve(key: $text) { userErrors { legacyStatus } } }";

#[tokio::test(flavor = "multi_thread")]
async fn submit_word_takes_a_word_however_it_is_pasted() {
    let app = TestApp::start().await;
    let mut id = 0;
    for (announced, typed) in [
        ("moon", "moon\u{200b}"),
        ("\u{feff}Sun ", "ＳＵＮ\u{200e}"),
        ("❤️", "❤"),
        ("⭐", "⭐️"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        (
            "한국사람한나나다",
            "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{1109}\u{1161}\u{1105}\u{1161}\u{11b7}\u{1112}\u{1161}\u{11ab}\u{1102}\u{1161}\u{1102}\u{1161}\u{1103}\u{1161}",
        ),
        ("口令", "口\u{ad}\u{2060}令\u{3164}"),
        ("İpek", "IPEK"),
        (
            ENGLAND,
            "\u{200e}🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ),
        (SCOTLAND, SCOTLAND),
    ] {
        create(&app, &terms(&app, announced, 50)).await;
        for text in [announced, typed] {
            id += 2;
            let (first, second) = (app.add_user(id).await, app.add_user(id + 1).await);
            assert_eq!(by_graphql(&app, &first, SUBMIT, text).await, 1, "{text}");
            assert_eq!(by_legacy(&app, &second, "submit_word", "word", text).await, 1, "{text}");
        }
    }
    let tries: i64 = sqlx::query_scalar("select coalesce(sum(count), 0)::bigint from tries")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(tries, 0, "none of them was a guess");
    for (id, invisible) in (1_000..).zip(["\u{3164}", "\u{200b}", " \u{2800}", "\u{fe0f}\u{200d}", "\u{e0061}"]) {
        let refused = try_to_create(&app, &terms(&app, invisible, 50)).await;
        assert_eq!(refused, Err(vec![WordCampaignRejection::WordInvalid]));
        let user = app.add_user(id).await;
        assert_eq!(by_legacy(&app, &user, "submit_word", "word", invisible).await, 0);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn set_invitation_and_preview_invitation_take_a_code_however_it_is_pasted() {
    let app = TestApp::start().await;
    let parent = app.add_user(1).await;
    sqlx::raw_sql("update invitations set code = 'AB12CD34'; update invitation_codes set normalised_code = 'AB12CD34'")
        .execute(app.pool())
        .await
        .unwrap();
    let mut id = 1;
    for pasted in [
        "ＡＢ１２ＣＤ３４",
        "AB12CD34\u{200e}",
        "\u{feff}ab12cd34\r\n",
        "AB12\u{ad}CD34",
        "ａｂI2cd34\u{200b}",
        " AB12CD34\u{3000}",
    ] {
        id += 2;
        let (first, second) = (app.add_user(id).await, app.add_user(id + 1).await);
        assert_eq!(by_graphql(&app, &first, BIND, pasted).await, 1, "{pasted}");
        assert_eq!(
            by_legacy(&app, &second, "set_invitation", "parent_code", pasted).await,
            1,
            "{pasted}"
        );
        let preview =
            "query ($text: String!) { previewInvitation(code: $text) { isBound userErrors { legacyStatus } } }";
        let seen = app.ask_with(&first, preview, json!({ "text": pasted })).await;
        assert_eq!(seen["previewInvitation"]["isBound"], true, "{pasted}");
    }
    drop(parent);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reserve_takes_a_key_however_it_is_pasted() {
    let app = TestApp::start().await;
    sqlx::raw_sql(
        "insert into reservation_campaigns (campaign_key, state, created_by, reason, created_at, updated_at)
         values ('libra', 'OPEN', 'test', 'test', '2026-11-01Z', '2026-11-01Z')",
    )
    .execute(app.pool())
    .await
    .unwrap();
    for (id, key) in (1..).zip(["libra", " LIBRA\u{200e}", "ｌｉｂｒａ", "\u{feff}li\u{ad}bra"]) {
        let user = app.add_user(id).await;
        assert_eq!(by_graphql(&app, &user, RESERVE, key).await, 1, "{key}");
        assert_eq!(by_legacy(&app, &user, "subscribe_counts", "key", key).await, 1, "{key}");
    }
    app.stop().await;
}
