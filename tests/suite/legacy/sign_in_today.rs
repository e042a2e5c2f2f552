//! `sign_in_today` beyond the samples.

use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::legacy::wire::{assert_fails, failure, success};
use crate::support::app::TestApp;

const DONE: (u16, &str) = (202, "今日挖矿任务已完成");

#[tokio::test(flavor = "multi_thread")]
async fn of_many_sign_ins_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let replies = join_all((0..20).map(|_| app.call("sign_in_today", &user))).await;
    let done = failure(DONE.0, DONE.1);
    let (again, first): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| *reply == done);
    assert_eq!((first.len(), again.len()), (1, 19));
    assert_eq!(first[0], success(r#"{"reward_id":1}"#));
}

#[tokio::test]
async fn both_wires_know_of_each_others_sign_ins_and_midnight_opens_the_next() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let signed_in = app.ask(&user, "mutation { signInToday { award { id } } }").await;
    assert_eq!(signed_in["signInToday"]["award"]["id"], "award_1");
    assert_fails(&app.call("sign_in_today", &user).await, DONE);

    app.clock.advance(TimeDelta::hours(12));
    assert!(app.call("sign_in_today", &user).await.contains("reward_id"));
    let status = app.ask(&user, "{ me { signIn { signedInToday streak } } }").await;
    assert_eq!(status["me"]["signIn"]["streak"], 2);
}

#[tokio::test]
async fn a_closed_rule_is_a_method_that_is_not_there() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    app.sql(
        "insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, enabled, changed_by, reason,
                                    created_at)
         values ('sign_in', 2, 5, '1', 1, 'NONE', false, 'a test', 'closed', '2026-01-01Z')",
    )
    .await;
    assert_fails(&app.call("sign_in_today", &user).await, (6, "签到暂未开放"));
}
