//! Each JSON sample of the source document: the same data, the same reply, down to the order of the keys.

use crate::legacy::seed_data::furnished;

/// The samples are indented; the wire is not. No text in them holds a space.
fn compact(sample: &str) -> String {
    sample.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[tokio::test]
async fn get_newbee_award() {
    let sample = r#"{
        "success": true,
        "status": 1,
        "msg": "成功",
        "data": {
            "award_logs": [{
                "id": "22",
                "user_id": "17",
                "award_item": "set_fomo_id",
                "award_type": "newbee",
                "amount": "10.0000",
                "coin_id": "1",
                "target_id": "0",
                "status": "1",
                "create_time": "1573986332",
                "update_time": "1573986332"
            }]
        }
    }"#;
    let (app, user) = furnished().await;
    assert_eq!(app.call("get_newbee_award", &user).await, compact(sample));
}

#[tokio::test]
async fn get_today_award() {
    let sample = r#"{
        "success": true,
        "status": 1,
        "msg": "成功",
        "data": {
            "award_logs": [{
                "id": "19",
                "user_id": "17",
                "award_item": "join_group",
                "award_type": "daily",
                "amount": "10.0000",
                "coin_id": "1",
                "target_id": "19",
                "status": "1",
                "create_time": "1573985312",
                "update_time": "1573985312"
            }, {
                "id": "20",
                "user_id": "17",
                "award_item": "join_group",
                "award_type": "daily",
                "amount": "10.0000",
                "coin_id": "1",
                "target_id": "19",
                "status": "1",
                "create_time": "1573985412",
                "update_time": "1573985412"
            }, {
                "id": "21",
                "user_id": "17",
                "award_item": "join_group",
                "award_type": "daily",
                "amount": "10.0000",
                "coin_id": "1",
                "target_id": "19",
                "status": "1",
                "create_time": "1573985533",
                "update_time": "1573985533"
            }]
        }
    }"#;
    let (app, user) = furnished().await;
    assert_eq!(app.call("get_today_award", &user).await, compact(sample));
}

#[tokio::test]
async fn sign_in_today() {
    let first = r#"{
        "success": true,
        "status": 1,
        "msg": "成功",
        "data": {
            "reward_id": 23
        }
    }"#;
    let second = r#"{
        "success": false,
        "status": 202,
        "msg": "今日挖矿任务已完成",
        "data": null
    }"#;
    let (app, user) = furnished().await;
    assert_eq!(app.call("sign_in_today", &user).await, compact(first));
    assert_eq!(app.call("sign_in_today", &user).await, compact(second));
}

#[tokio::test]
async fn get_children() {
    let sample = r#"{
        "success": true,
        "status": 1,
        "msg": "成功",
        "data": {
            "children": [{
                "user_id": "9",
                "user_name": "物资需",
                "portraitUri": null
            }],
            "count": 1
        }
    }"#;
    let (app, user) = furnished().await;
    assert_eq!(app.call("get_children", &user).await, compact(sample));
}
