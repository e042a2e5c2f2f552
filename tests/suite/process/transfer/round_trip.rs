//! Export and import into an empty database: equal tables, and sound books.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use newbee::demo;
use newbee::domain::api_key::Scope;
use newbee::domain::id::UserId;
use newbee::domain::reservation::ReservationTerms;
use newbee::domain::task::TaskReport;
use newbee::service::launch_reservations::launch_reservations;
use newbee::service::record_task::record_task;
use newbee::store::exports::{EXCLUDED, EXPORTED};
use serde_json::json;

use super::formats::LEGACY;
use crate::support::streaks::{FORGIVING, make_up, set_sign_in};

use super::{assert_audit_is_clean, export, import, rows, value};
use crate::support::app::TestApp;
use crate::support::commands::said;
use crate::support::database::TestDatabase;
use crate::support::reservations::{self, CANCEL, RESERVE};
use crate::support::{decided, words};

/// Reports four tasks of a user, of which the daily limit pays three.
async fn join_groups(app: &TestApp, number: usize) {
    for group in 0..4 {
        let report = TaskReport {
            user_id: UserId(70_001),
            item: "join_group".to_owned(),
            target_id: Some(group.to_string()),
            idempotency_key: format!("{number}/{group}"),
            occurred_at: None,
        };
        let _ = decided(record_task(app.pool(), app.calendar, &report, "test", app.now()).await);
    }
}

/// A database with everything: what the demo, users, the host, operators and an import do.
async fn lived_in() -> TestApp {
    let app = TestApp::builder().at("2024-03-01T04:00:00Z").start().await;
    demo::prepare(app.pool(), app.calendar, app.now(), true).await.unwrap();
    app.run_due_jobs().await; // the jobs are known from now on
    let (parent, child) = (app.add_user(70_001).await, app.add_user(70_002).await);
    let bind = "mutation($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }";
    app.ask_with(&child, bind, json!({ "code": parent.code })).await;
    words::create(&app, &words::terms(&app, "口令", 3)).await;
    for user in [&parent, &child] {
        words::submit(&app, user, "口令").await;
    }
    let terms = ReservationTerms {
        reward: reservations::reward(12),
        ..ReservationTerms::default()
    };
    for key in ["launched", "open"] {
        reservations::create(&app, key, terms.clone()).await;
        for user in [&parent, &child] {
            reservations::act(&app, user, RESERVE, key).await;
        }
    }
    reservations::act(&app, &child, CANCEL, "open").await;
    launch_reservations(app.pool(), "launched", "a test", &reservations::author(app.now()))
        .await
        .unwrap();
    let ops = app.api_key("ops", &[Scope::OpsWrite, Scope::OpsGrant]).await;
    let limit = "mutation { setRule(input: { item: \"join_group\", type: DAILY, amount: \"1\", coinId: \"1\", dailyLimit: 3, reason: \"x\",
        targetRule: ONCE_A_DAY, dayBudget: \"50\", totalBudget: \"500\" }) { problems { code } } }";
    assert_eq!(
        app.admin(&ops, limit, json!({})).await["setRule"]["problems"],
        json!([])
    );
    let give = "mutation { grantAwards(lines: [{ userId: 70001, label: \"a raffle\", amount: \"5\", coinId: \"1\" },
        { userId: 70002, label: \"a raffle\", amount: \"7\", coinId: \"2\" }], reason: \"x\", idempotencyKey: \"x\") { grant { awardCount } } }";
    let given = app.admin(&ops, give, json!({})).await;
    assert_eq!(given["grantAwards"]["grant"]["awardCount"], 2, "{given}");
    // A rule with conditions: one invitee qualifies, the other does not.
    let conditions = "mutation { setRule(input: { item: \"invite_friend\", type: INVITE, amount: \"20\", coinId: \"1\", reason: \"x\",
        invite: { signInDays: 1, requiredItems: [\"set_fomo_id\", \"join_group\"], withinDays: 9 } }) { problems { code } } }";
    assert_eq!(
        app.admin(&ops, conditions, json!({})).await["setRule"]["problems"],
        json!([])
    );
    for id in [70_003, 70_004] {
        let invitee = app.add_user(id).await;
        app.ask_with(&invitee, bind, json!({ "code": child.code })).await;
        app.ask(&invitee, "mutation { signInToday { award { id } } }").await;
        for (item, target) in [("set_fomo_id", None), ("join_group", Some("7"))] {
            let report = TaskReport {
                user_id: UserId(id),
                item: item.to_owned(),
                target_id: target.map(str::to_owned),
                idempotency_key: item.to_owned(),
                occurred_at: None,
            };
            if id == 70_003 || target.is_some() {
                decided(record_task(app.pool(), app.calendar, &report, "test", app.now()).await).unwrap();
            }
        }
    }
    for number in 0..3 {
        for user in [&parent, &child].into_iter().skip(number % 2) {
            app.ask(user, "mutation { signInToday { award { id } } }").await;
        }
        join_groups(&app, number).await;
        app.clock.advance(TimeDelta::days(1));
        app.run_due_jobs().await;
    }
    // A day that is bridged, and one that the parent missed and makes up.
    app.sql("insert into bridged_days values ('2020-01-01', 'x', 'x', '2020-01-02Z')")
        .await;
    set_sign_in(&app, FORGIVING).await;
    assert_eq!(make_up(&app, &parent, "2024-03-02").await, "done");
    // Two of these stay pending.
    join_groups(&app, 3).await;
    let database = app.database();
    let id = |sql| value(database, sql);
    let settled = id("select min(award_id)::text from awards where status = 'SETTLED' and item = 'join_group'").await;
    said(database, &["award", "reverse", &settled, "--reason", "x"]).await;
    let pending = id("select min(award_id)::text from awards where status = 'PENDING'").await;
    said(database, &["award", "void", &pending, "--reason", "x"]).await;
    said(
        database,
        &["rule", "set", "join_group", "--amount", "2.5", "--reason", "x"],
    )
    .await;
    said(database, &["user", "erase", "1001", "--reason", "x"]).await;
    // An import into closed days, with a streak that no award proves.
    let users = LEGACY
        .replace("\"17\"", "\"80017\"")
        .replace("\"id\":\"", "\"id\":\"70000");
    let late = r#"
{"type":"award","awardId":800000,"userId":70001,"item":"sign_in","awardType":"DAILY","amount":"7","coinId":"1","status":"SETTLED","createdAt":"2024-02-20T05:00:00Z"}
{"type":"openingBalance","userId":80017,"coinId":"3","amount":"-1.25","at":"2024-01-05T00:00:00Z"}
{"type":"streak","userId":80017,"lastDay":"2024-03-02","length":9}
"#;
    let users = users
        .replace("OLD17", "OLDER17")
        .replace("\"9\"", "\"80009\"")
        .replace("OLD9", "OLDER9");
    import(database, &format!("{users}{late}")).await.succeeded();
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_gives_equal_tables_in_an_empty_database() {
    let app = lived_in().await;
    let lines = export(app.database()).await;
    let copy = Arc::new(TestDatabase::create().await);
    let done = import(&copy, &lines).await.succeeded();
    assert!(done.count("award", "imported") > 500, "{}", done.report);
    let (old, new) = (app.database().pool(), copy.pool());
    for table in EXPORTED {
        let (before, after) = (
            rows(&old, table.table, table.without).await,
            rows(&new, table.table, table.without).await,
        );
        assert!(!before.is_empty(), "{} is empty, so nothing is compared", table.table);
        let (old_rows, new_rows): (BTreeSet<_>, BTreeSet<_>) = (before.lines().collect(), after.lines().collect());
        let lost: Vec<_> = old_rows.difference(&new_rows).take(3).collect();
        let added: Vec<_> = new_rows.difference(&old_rows).take(3).collect();
        assert!(before == after, "{}: lost {lost:#?}, added {added:#?}", table.table);
    }
    old.close().await;
    new.close().await;
    // The same lines again, and their export.
    import(&copy, &lines).await.succeeded();
    let after_header = |text: &str| text.split_once('\n').expect("lines").1.to_owned();
    assert!(after_header(&export(&copy).await) == after_header(&lines));
    let restored = TestApp::builder()
        .clock(app.clock.clone())
        .database(&copy)
        .start()
        .await;
    assert_audit_is_clean(&restored).await;
    assert_audit_is_clean(&app).await;
    // The restored service goes on: jobs, and new awards with new ids.
    restored.run_due_jobs().await;
    restored.clock.advance(TimeDelta::days(1));
    restored.run_due_jobs().await;
    restored.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn every_table_is_exported_or_left_out_for_a_reason() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let tables: BTreeSet<String> = sqlx::query_scalar::<_, String>(
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')",
    )
    .fetch_all(&pool)
    .await
    .unwrap()
    .into_iter()
    .collect();
    pool.close().await;
    let exported = EXPORTED.iter().map(|table| table.table);
    let known: Vec<&str> = exported.chain(EXCLUDED.iter().map(|(table, _)| *table)).collect();
    let listed: BTreeSet<String> = known.iter().map(|table| (*table).to_owned()).collect();
    assert_eq!(listed.len(), known.len(), "a table is listed twice");
    assert_eq!(
        tables, listed,
        "export new tables (src/store/exports/mod.rs, src/store/imports/), or say why not (src/store/exports/tables.rs)"
    );
    assert!(EXCLUDED.iter().all(|(_, reason)| !reason.is_empty()));
}
