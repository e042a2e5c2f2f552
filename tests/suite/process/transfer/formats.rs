//! Accepted lines: typed ones, and the objects of the legacy methods.

use std::sync::Arc;

use super::{assert_audit_is_clean, import, value};
use crate::support::app::TestApp;
use crate::support::database::TestDatabase;

/// The reply of the source document, in one line, and what it needs.
pub(super) const LEGACY: &str = r#"{"success":true,"status":1,"msg":"成功","data":{"award_logs":[{"id":"22","user_id":"17","award_item":"set_fomo_id","award_type":"newbee","amount":"10.0000","coin_id":"1","target_id":"0","status":"1","create_time":"1573986332","update_time":"1573986332"}]}}
{"award_logs":[{"id":"19","user_id":"17","award_item":"join_group","award_type":"daily","amount":"10.0000","coin_id":"1","target_id":"19","status":"1","create_time":"1573985312","update_time":"1573985312"},{"id":"20","user_id":"17","award_item":"join_group","award_type":"daily","amount":"10.0000","coin_id":"1","target_id":"19","status":"0","create_time":"1573985412","update_time":"1573985412"}]}
{"id":"21","user_id":"17","award_item":"join_group","award_type":"daily","amount":"10.0000","coin_id":"1","target_id":"19","status":"2","create_time":"1573985533","update_time":"1573985600"}
{"user_id":"17","code":"OLD17","class":0,"parent_id":"0","parent_code":"","update_time":"1573900000","create_time":"1573900000"}
{"user_id":"9","code":"OLD9","class":1,"parent_id":"17","parent_code":"OLD17","update_time":"1573986000","create_time":"1573900000"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn replies_of_the_legacy_methods_are_imported_as_they_are() {
    let database = Arc::new(TestDatabase::create().await);
    let done = import(&database, LEGACY).await.succeeded();
    assert_eq!(
        (done.count("award", "imported"), done.count("user", "imported")),
        (4, 2)
    );
    let awards = "select string_agg(format('%s %s %s %s %s %s', award_id, status, coalesce(target_id, '-'), business_day, rule_version,
                                           extract(epoch from created_at)::bigint), '; ' order by award_id) from awards";
    assert_eq!(
        value(&database, awards).await,
        "19 SETTLED 19 2019-11-17 1 1573985312; 20 PENDING 19 2019-11-17 1 1573985412; \
         21 REVERSED 19 2019-11-17 1 1573985533; 22 SETTLED - 2019-11-17 1 1573986332"
    );
    let entries =
        "select string_agg(format('%s %s %s %s', award_id, kind, amount, extract(epoch from posted_at)::bigint), '; '
                                     order by award_id, kind) from ledger_entries";
    assert_eq!(
        value(&database, entries).await,
        "19 SETTLE 10.0000 1573985312; 21 SETTLE 10.0000 1573985533; 21 REVERSE -10.0000 1573985600; \
         22 SETTLE 10.0000 1573986332"
    );
    let users =
        "select string_agg(format('%s %s %s %s %s', user_id, code, class, coalesce(parent_id, 0), children_count), '; '
                                   order by user_id) from users join invitations using (user_id)";
    assert_eq!(value(&database, users).await, "9 OLD9 1 17 0; 17 OLD17 0 0 1");
    assert_eq!(done.report["after"]["coins"]["1"]["balances"]["amount"], "20.0000");
    // Ids of later awards follow those of the old system.
    assert_eq!(value(&database, "select nextval('award_ids')::text").await, "23");
    assert_eq!(
        value(
            &database,
            "select format('%s %s', action, after -> 'award' ->> 'imported') from audit_log"
        )
        .await,
        "import 4"
    );
    let app = TestApp::builder().database(&database).in_process().await;
    assert_audit_is_clean(&app).await;
    app.stop().await;
}

/// Typed lines: a user without a code, an opening balance, a streak, a place and an award of each status.
const TYPED: &str = r#"{"type":"user","userId":1,"name":"小明","portraitUri":"https://cdn.example/1.png","code":"ming","createdAt":"2026-01-01T08:00:00+08:00"}
{"type":"user","userId":2,"createdAt":1767225600,"parentId":1,"boundAt":"2026-01-02T00:00:00Z"}
{"type":"award","awardId":7,"userId":1,"item":"sign_in","awardType":"daily","amount":"5","coinId":"1","status":"VOID","createdAt":"2026-01-01T15:59:59Z"}
{"type":"award","awardId":8,"userId":1,"item":"sign_in","awardType":"DAILY","amount":5,"coinId":"1","status":"PENDING","createdAt":"2026-01-01T16:00:00Z","settlesAt":"2026-02-01T00:00:00Z"}
{"type":"award","awardId":9,"userId":2,"item":"word","awardType":"WORD","amount":"0.0001","coinId":"2","status":"SETTLED","createdAt":"2026-01-03T00:00:00Z","targetId":"libra"}
{"type":"openingBalance","userId":1,"coinId":"1","amount":"-3.5","at":"2026-01-05T00:00:00Z"}
{"type":"openingBalance","userId":2,"coinId":"1","amount":"100.25","at":1767225600}
{"type":"streak","userId":1,"lastDay":"2026-01-05","length":40}
{"type":"place","userId":2,"campaign":"libra","reservedAt":"2026-01-05T00:00:00Z"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn typed_lines_are_imported() {
    let database = Arc::new(TestDatabase::create().await);
    crate::support::commands::said(&database, &["reservation", "create", "libra", "--reason", "x"]).await;
    let done = import(&database, TYPED).await.succeeded();
    assert_eq!(
        done.report["after"],
        serde_json::json!({ "users": 2, "bindings": 1, "coins": {
            "1": { "pending": { "count": 1, "amount": "5.0000" }, "void": { "count": 1, "amount": "5.0000" },
                   "openings": { "count": 2, "amount": "96.7500" }, "balances": { "count": 2, "amount": "96.7500" } },
            "2": { "settled": { "count": 1, "amount": "0.0001" }, "balances": { "count": 1, "amount": "0.0001" } },
        } })
    );
    let users = "select string_agg(format('%s %s %s %s %s', u.user_id, coalesce(name, '-'), length(code), class,
                                          coalesce(parent_code, '-')), '; ' order by u.user_id)
                 from users u join invitations using (user_id)";
    assert_eq!(value(&database, users).await, "1 小明 4 0 -; 2 - 8 1 ming");
    let days = "select string_agg(business_day::text, ' ' order by award_id) from awards";
    assert_eq!(value(&database, days).await, "2026-01-01 2026-01-02 2026-01-03");
    assert_eq!(
        value(&database, "select reserved_count::text from reservation_campaigns").await,
        "1"
    );
    let streak = "select format('%s %s', last_sign_in, streak_length) from award_feeds where user_id = 1";
    assert_eq!(value(&database, streak).await, "2026-01-05 40");
    let app = TestApp::builder().database(&database).in_process().await;
    assert_audit_is_clean(&app).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_streak_goes_on_and_a_newcomer_award_is_not_paid_again() {
    let database = Arc::new(TestDatabase::create().await);
    let lines = r#"{"type":"user","userId":17,"createdAt":1573900000}
{"type":"streak","userId":17,"lastDay":"2026-11-19","length":12}
{"id":"22","user_id":"17","award_item":"set_fomo_id","award_type":"newbee","amount":"8.0000","coin_id":"1","target_id":"0","status":"1","create_time":"1573986332","update_time":"1573986332"}
"#;
    import(&database, lines).await.succeeded();
    // Noon of 20 November 2026.
    let app = TestApp::builder().database(&database).start().await;
    let user = newbee::domain::id::UserId(17);
    app.sign_ins.sign_in(user, app.now()).await.unwrap();
    let streak = "select format('%s %s', last_sign_in, streak_length) from award_feeds where user_id = 17";
    assert_eq!(value(&database, streak).await, "2026-11-20 13");
    let report = newbee::domain::task::TaskReport {
        user_id: user,
        item: "set_fomo_id".to_owned(),
        target_id: None,
        idempotency_key: "event-1".to_owned(),
        occurred_at: None,
    };
    let again = newbee::service::record_task::record_task(app.pool(), app.calendar, &report, "test", app.now()).await;
    assert_eq!(
        crate::support::decided(again).map(|_| ()),
        Err(newbee::domain::task::TaskRejection::AlreadyAwarded)
    );
    assert_audit_is_clean(&app).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awards_of_closed_days_are_added_to_them() {
    let database = Arc::new(TestDatabase::create().await);
    let app = TestApp::builder()
        .at("2024-03-01T04:00:00Z")
        .database(&database)
        .start()
        .await;
    app.run_due_jobs().await; // the jobs are known from now on
    let user = app.add_user(17).await;
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    app.clock.advance(chrono::TimeDelta::days(1));
    app.run_due_jobs().await;
    assert_eq!(
        app.count("select count(*) from business_day_totals where day = '2024-03-01'")
            .await,
        1
    );
    let line = r#"{"type":"award","awardId":500,"userId":17,"item":"sign_in","awardType":"DAILY","amount":"7","coinId":"1","status":"SETTLED","createdAt":"2024-03-01T05:00:00Z"}"#;
    import(&database, line).await.succeeded();
    let late = "select format('%s %s %s', day, award_count, amount) from imported_totals";
    assert_eq!(value(&database, late).await, "2024-03-01 1 7.0000");
    app.clock.advance(chrono::TimeDelta::days(1));
    assert_audit_is_clean(&app).await;
    app.stop().await;
}
