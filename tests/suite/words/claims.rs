//! What a word answers, from its first share to its end.

use chrono::TimeDelta;
use newbee::domain::audit::Author;
use newbee::domain::word::{Split, WordProblem};
use newbee::domain::word_draw::{Draw, PublishedDraw};
use newbee::read::words::draw_of;
use newbee::service::word_campaigns::{EndOutcome, create_word_campaign, end_word_campaign};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{create, status, submit, terms};
use crate::support::app::{NOON, TestApp};
use crate::support::database::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn a_word_pays_each_user_one_share_and_then_none() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let campaign = create(&app, &terms(&app, "口令Moon", 2)).await;
    let (first, second, third) = (app.add_user(1).await, app.add_user(2).await, app.add_user(3).await);
    let claimed = submit(&app, &first, " 口令ＭＯＯＮ ").await;
    let shares = draw_of(app.pool(), &campaign).await.unwrap().draw.shares;
    assert_eq!(
        claimed["award"],
        json!({ "amount": format!("{:.4}", shares[0]), "type": "WORD", "status": "PENDING", "targetId": null })
    );
    assert_eq!(
        (&claimed["draw"]["claimedCount"], &claimed["userErrors"]),
        (&json!(1), &json!([]))
    );
    assert_eq!(status(&submit(&app, &first, "口令moon").await), 205);
    assert_eq!(status(&submit(&app, &second, "口令moon").await), 1);
    assert_eq!(
        status(&submit(&app, &third, "口令moon").await),
        203,
        "all shares are gone"
    );
    assert_eq!(
        status(&submit(&app, &first, "口令moon").await),
        205,
        "still, also when it is exhausted"
    );
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(status(&submit(&app, &third, "口令moon").await), 204);
    // Known words are no guesses, however often.
    for _ in 0..10 {
        assert_eq!(status(&submit(&app, &third, "口令moon").await), 204);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_is_unknown_before_it_opens_and_may_come_again() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let mut later = terms(&app, "moon", 5);
    later.opens_at += TimeDelta::minutes(30);
    let upcoming = create(&app, &later).await;
    let user = app.add_user(1).await;
    assert_eq!(status(&submit(&app, &user, "moon").await), 203);
    let query = format!("{{ wordDraw(id: \"word_{}\") {{ hash }} }}", upcoming.id);
    assert_eq!(app.ask(&user, &query).await["wordDraw"], Value::Null);

    let author = Author::at_the_command_line(app.clock.now());
    let again = create_word_campaign(app.pool(), &terms(&app, "MOON", 5), &author)
        .await
        .unwrap();
    assert_eq!(again.unwrap_err(), [WordProblem::WordTaken]);
    app.clock.advance(TimeDelta::hours(2));
    create(&app, &terms(&app, "MOON", 5)).await;
    assert_eq!(
        status(&submit(&app, &user, "moon").await),
        1,
        "the word of an older campaign means the new one"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_draw_is_told_after_the_end_and_not_before() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let campaign = create(&app, &terms(&app, "moon", 8)).await;
    let user = app.add_user(1).await;
    let claimed = submit(&app, &user, "moon").await;
    let query = format!(
        "{{ wordDraw(id: {}) {{ hash amount shareCount split nonce shares }} }}",
        claimed["draw"]["id"]
    );
    let before = app.reply(None, &query, json!({})).await["data"]["wordDraw"].take();
    assert_eq!(before["hash"], claimed["draw"]["hash"]);
    assert!(before["nonce"].is_null() && before["shares"].is_null(), "{before}");

    let author = Author::at_the_command_line(app.clock.now());
    let ended = end_word_campaign(app.pool(), campaign.id, "a test", &author)
        .await
        .unwrap();
    assert!(matches!(ended, EndOutcome::Ended(_)));
    let again = end_word_campaign(app.pool(), campaign.id, "a test", &author)
        .await
        .unwrap();
    assert!(
        matches!(again, EndOutcome::AlreadyOver(_)),
        "a second end changes nothing"
    );
    assert_eq!(status(&submit(&app, &app.add_user(2).await, "moon").await), 204);

    let after = app.reply(None, &query, json!({})).await["data"]["wordDraw"].take();
    let bytes = |name: &str| -> [u8; 32] {
        let text = after[name].as_str().unwrap();
        data_encoding::HEXLOWER
            .decode(text.as_bytes())
            .unwrap()
            .try_into()
            .unwrap()
    };
    let shares = after["shares"].as_array().unwrap().iter();
    let published = PublishedDraw {
        hash: bytes("hash"),
        amount: "100".parse().unwrap(),
        share_count: 8,
        split: Split::Random,
        draw: Draw {
            nonce: bytes("nonce"),
            shares: shares
                .map(|share| share.as_str().unwrap().parse::<Decimal>().unwrap())
                .collect(),
        },
    };
    assert_eq!(published.verify(), Ok(()));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_legacy_methods_answer_key_for_key() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let mut fixed = terms(&app, "moon", 8);
    fixed.split = Split::Fixed;
    create(&app, &fixed).await;
    let user = app.add_user(1).await;
    let call = async |method: &str, parameters: &[(&str, &str)]| {
        let reply = reqwest::Client::new()
            .post(app.url(method))
            .form(parameters)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200);
        reply.text().await.unwrap()
    };
    let key = ("session_key", user.key.as_str());
    assert_eq!(
        call("/customer/submit_word", &[key, ("word", "MOON")]).await,
        "{\"success\":true,\"status\":1,\"msg\":\"成功\",\"data\":{\"word_info\":{\"id\":\"1\",\"word\":\"moon\",\
         \"amount\":\"100.0000\",\"coin_id\":\"1\",\"max_count\":\"8\",\"used_count\":\"1\",\"used_amount\":\"12.5000\",\
         \"status\":\"1\",\"expired\":\"1795150800\",\"update_time\":\"1795147200\",\"create_time\":\"1795147200\"},\
         \"award_value\":12.5}}"
    );
    for (parameters, status, msg) in [
        (vec![key, ("word", "moon")], 205, "你已经领取过此口令彩蛋"),
        (vec![key, ("word", "nobody's")], 203, "口令彩蛋不存在或者已领完"),
        (vec![key], 0, "参数不足"),
        (vec![key, ("word", "thirteen char")], 0, "参数不足"),
        (vec![("word", "moon")], 2, "用户未登录"),
    ] {
        assert_eq!(
            call("/customer/submit_word", &parameters).await,
            format!("{{\"success\":false,\"status\":{status},\"msg\":\"{msg}\",\"data\":null}}")
        );
    }
    assert_eq!(
        call("/customer/subscribe_counts", &[]).await,
        "{\"success\":false,\"status\":221,\"msg\":\"预约活动不存在\",\"data\":null}"
    );
    app.stop().await;
}
