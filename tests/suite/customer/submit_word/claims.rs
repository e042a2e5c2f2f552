//! Replies of `submitWord`, from the first share to the end of the campaign.

use chrono::TimeDelta;
use newbee::domain::word::Split;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::http_client;
use crate::support::words::{create, status, submit, terms};

#[tokio::test(flavor = "multi_thread")]
async fn a_word_pays_each_user_one_share_and_then_none() {
    let app = TestApp::start().await;
    let campaign = create(&app, &terms(&app, "口令Moon", 2)).await;
    let (first, second, third) = (app.add_user(1).await, app.add_user(2).await, app.add_user(3).await);
    let claimed = submit(&app, &first, " 口令ＭＯＯＮ ").await;
    let drawing = app
        .draw_keys()
        .drawing(&campaign)
        .unwrap()
        .expect("a draw without a beacon");
    let place = claimed["draw"]["myClaim"]["place"].as_u64().unwrap() as usize;
    assert_eq!(
        claimed["award"],
        json!({ "amount": format!("{:.4}", drawing.shares()[place - 1]), "type": "WORD", "status": "PENDING", "targetId": null })
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
async fn the_legacy_methods_answer_key_for_key() {
    let app = TestApp::start().await;
    let mut fixed = terms(&app, "moon", 8);
    fixed.split = Split::Fixed;
    create(&app, &fixed).await;
    let user = app.add_user(1).await;
    let call = async |method: &str, parameters: &[(&str, &str)]| {
        let reply = http_client()
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
