//! `get_newbee_award` and `get_today_award` beyond the samples.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::legacy::seed_data::furnished;
use crate::legacy::wire::success;
use crate::support::app::TestApp;

fn logs(reply: &str) -> Vec<Value> {
    let reply: Value = serde_json::from_str(reply).unwrap();
    reply["data"]["award_logs"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_sign_in_is_among_the_awards_of_its_day_and_is_gone_the_next() {
    let (app, user) = furnished().await;
    app.call("sign_in_today", &user).await;
    let today = logs(&app.call("get_today_award", &user).await);
    let now = app.clock.now().timestamp().to_string();
    let signed_in = json!({
        "id": "23", "user_id": "17", "award_item": "sign_in", "award_type": "daily", "amount": "5.0000",
        "coin_id": "1", "target_id": "0", "status": "0", "create_time": now, "update_time": now,
    });
    assert_eq!(today.len(), 4);
    assert_eq!(today[3], signed_in);

    app.clock.advance(TimeDelta::hours(6));
    assert_eq!(
        app.call("get_today_award", &user).await,
        success(r#"{"award_logs":[]}"#)
    );
    assert_eq!(logs(&app.call("get_newbee_award", &user).await).len(), 1);
}

#[tokio::test]
async fn every_status_has_its_number_and_nobody_sees_another_users_awards() {
    let app = TestApp::start().await;
    let (user, stranger) = (app.add_user(1).await, app.add_user(2).await);
    let at = app.clock.now();
    // Two of them paid, one of these reversed: 10 is left.
    app.sql(format!(
        "insert into awards (user_id, award_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                             status, business_day, settles_at, created_at, updated_at)
         select 1, 100 + status, 'import', status::text, 'set_fomo_id', 'NEWBEE', 1, 10, '7',
                (enum_range(null::award_status))[status + 1], '2026-11-20',
                '{at}', '{at}', '{at}'
         from generate_series(3, 0, -1) status;
         insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at) values
             (1, 101, 'SETTLE', '7', 10, '{at}'), (1, 102, 'SETTLE', '7', 10, '{at}'),
             (1, 102, 'REVERSE', '7', -10, '{at}');
         insert into balances values (1, '7', 10, '{at}')"
    ))
    .await;
    let shown: Vec<_> = logs(&app.call("get_newbee_award", &user).await)
        .iter()
        .map(|log| (log["id"].clone(), log["status"].clone(), log["coin_id"].clone()))
        .collect();
    let expected: Vec<_> = (0..=3)
        .map(|status| (json!((100 + status).to_string()), json!(status.to_string()), json!("7")))
        .collect();
    assert_eq!(shown, expected);
    assert_eq!(
        app.call("get_newbee_award", &stranger).await,
        success(r#"{"award_logs":[]}"#)
    );
}
