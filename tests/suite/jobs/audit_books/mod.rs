//! Auditing the books: sound ones are found sound, each kind of damage is found and loud, and nothing stops the audit.

mod damage;

use std::time::Duration;

use chrono::TimeDelta;
use newbee::demo;
use newbee::domain::id::UserId;
use newbee::domain::task::TaskReport;
use newbee::service::jobs::audit_books::AuditBooks;
use newbee::service::jobs::{AnyJob, JobContext, JobEnd};
use newbee::service::record_task::record_task;
use newbee::store::book_audits::{self, checks};
use serde_json::{Value, json};
use sqlx::Executor;

use crate::support::app::{TestApp, day, instant};
use crate::support::log::{CapturedLog, fields};
use crate::support::{decided, wait_until};

/// Days 18 and 19 are closed; user 1 signed in on both, has an award of a counted item, and invited user 2, who joined a group.
const BOOKS: &str = "
    insert into rules values ('invite_two', 'INVITE');

    insert into rule_versions (item, version, amount, coin_id, target_rule, required_items, changed_by, reason, created_at)
        values ('invite_two', 1, 30, '1', 'NONE', '{join_group}', 'a test', 'a test', '2026-01-01Z');

    insert into users (user_id, created_at, updated_at) values (1, '2026-01-01Z', '2026-01-01Z'), (2, '2026-01-01Z', '2026-01-01Z');

    insert into invitations (user_id, code, created_at, updated_at)
        values (1, 'A', '2026-01-01Z', '2026-01-01Z'), (2, 'B', '2026-01-01Z', '2026-01-01Z');

    insert into invitation_codes (normalised_code, user_id) values ('A', 1), ('B', 2);

    update invitations set parent_id = 1, parent_code = 'A', bound_at = '2026-11-19Z' where user_id = 2;

    insert into invitation_children (parent_id, bound_at, user_id) select parent_id, bound_at, user_id from invitations where parent_id is not null;

    insert into invitation_links (user_id, parent_id) select user_id, parent_id from invitations where parent_id is not null;

    update users u set children_count = (select count(*) from invitation_children c where c.parent_id = u.user_id);

    insert into awards (user_id, award_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                        settles_at, created_at, updated_at)
    select 1, id, item, key, item, type::award_type, 1, amount, '1', day::date, day::timestamptz, day::timestamptz, day::timestamptz
    from (values (1001, 'sign_in', '', 'DAILY', 5, '2026-11-18'), (1002, 'sign_in', '', 'DAILY', 5, '2026-11-19'),
                 (1003, 'join_group', '7', 'DAILY', 10, '2026-11-19'), (1004, 'invite_friend', '2', 'INVITE', 20, '2026-11-19'),
                 (1005, 'invite_two', '2', 'INVITE', 30, '2026-11-19'))
         as made (id, item, key, type, amount, day);

    insert into awards (user_id, award_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                        settles_at, created_at, updated_at)
    values (2, 1006, 'join_group', '7', 'join_group', 'DAILY', 1, 10, '1', '2026-11-19', '2026-11-19Z', '2026-11-19Z', '2026-11-19Z');

    insert into qualifications (user_id, item, rule_version, inviter_id, pays, state, bound_day, after_award, done_items, decided_at, award_id)
    values (2, 'invite_two', 1, 1, 'INVITER', 'QUALIFIED', '2026-11-19', 0, '{join_group}', '2026-11-19Z', 1005);

    insert into award_feeds values (1, 0, '2026-11-19', 2);

    insert into daily_counters values (1, '2026-11-19', 'join_group', 1);

    insert into business_days (day, state, closed_at) values ('2026-11-18', 'CLOSED', '2026-11-19Z'), ('2026-11-19', 'CLOSED', '2026-11-20Z');

    insert into business_day_totals select business_day, item, coin_id, count(*), sum(amount) from awards group by 1, 2, 3";

/// A context for an audit of the 19th.
async fn context(app: &TestApp, name: &str) -> JobContext {
    JobContext {
        business_day: Some(day("2026-11-19")),
        ..app.context(name, 1).await
    }
}

fn report(end: JobEnd) -> Value {
    match end {
        JobEnd::Done(report) => report,
        JobEnd::Interrupted => panic!("nobody asked it to stop"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_books_are_found_sound_and_the_audit_is_kept() {
    let app = TestApp::in_process().await;
    app.pool().execute(BOOKS).await.unwrap();
    let job = context(&app, "audit").await;
    let run_id = job.lease.run_id;
    let found = report(AuditBooks::SCHEDULED.run(job).await.unwrap());
    let all = checks::all().count() as i64;
    assert_eq!(
        found,
        json!({ "checks": all, "violations": 0, "violated": {}, "unfinished": {} })
    );
    let audits = book_audits::newest(app.pool(), 10).await.unwrap();
    let [audit] = &audits[..] else { panic!("{audits:?}") };
    assert_eq!((audit.run_id, audit.business_day), (run_id, day("2026-11-19")));
    assert_eq!((audit.checks, audit.unfinished, audit.violations), (all, 0, 0));
    assert_eq!(audit.ended_at, Some(app.clock.now()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_demo_and_people_do_raises_no_false_alarm() {
    let app = TestApp::start().await;
    demo::prepare(app.pool(), app.calendar, app.now(), true).await.unwrap();
    app.run_due_jobs().await; // the jobs are known from now on
    let (parent, child) = (app.add_user(70_001).await, app.add_user(70_002).await);
    app.ask_with(
        &child,
        "mutation($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }",
        json!({ "code": parent.code }),
    )
    .await;
    for number in 0..5 {
        for user in [&parent, &child].into_iter().skip(number % 2) {
            app.ask(user, "mutation { signInToday { award { id } } }").await;
        }
        for group in 0..5 {
            let report = TaskReport {
                user_id: UserId(70_001),
                item: "join_group".to_owned(),
                target_id: Some(format!("{}", group % 4)),
                idempotency_key: format!("{number}/{group}"),
                occurred_at: None,
            };
            let _ = decided(record_task(app.pool(), app.calendar, &report, "test", app.now()).await);
        }
        app.clock.advance(TimeDelta::days(1));
        app.run_due_jobs().await;
    }
    let audits = book_audits::newest(app.pool(), 10).await.unwrap();
    assert_eq!(audits.len(), 5);
    for audit in audits {
        let checks = book_audits::checks_of(app.pool(), audit.run_id).await.unwrap();
        assert!(checks.iter().all(|check| check.violations == Some(0)), "{checks:#?}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_violation_is_loud_and_its_run_succeeds() {
    let log = CapturedLog::start();
    let app = TestApp::in_process().await;
    app.database().books_may_be_wrong();
    app.pool().execute(BOOKS).await.unwrap();
    app.pool()
        .execute("insert into balances select 1, n::text, 5, '2026-11-19Z' from generate_series(1, 130) n")
        .await
        .unwrap();
    let scheduler = app.real_scheduler();
    scheduler.tick().await.unwrap(); // the jobs are known from now on
    app.clock.set(instant("2026-11-22T17:00:00Z"));
    scheduler.tick().await.unwrap();
    let states = app.states("audit_books").await;
    assert_eq!(
        (states["SUCCEEDED"], states["SKIPPED"]),
        (1, 1),
        "one audit makes up for three nights: {states:?}"
    );

    let name = "balance differs from the sum of its entries";
    let (day, found): (chrono::NaiveDate, Value) =
        sqlx::query_as("select business_day, report from job_runs where job = 'audit_books' and report is not null")
            .fetch_one(app.pool())
            .await
            .unwrap();
    assert_eq!(day, self::day("2026-11-22"));
    assert_eq!(
        found["violations"].as_i64(),
        found["violated"][name].as_i64(),
        "{found}"
    );
    assert!(found["violations"].as_i64() >= Some(129), "{found}");
    let audit = book_audits::newest(app.pool(), 1).await.unwrap().remove(0);
    assert!(audit.violations >= 129);
    let checks = book_audits::checks_of(app.pool(), audit.run_id).await.unwrap();
    let check = checks.iter().find(|check| check.check_name == name).unwrap();
    assert_eq!(check.details.len(), 100, "the rest are counted");
    assert!(check.details[0].starts_with("user 1 coin "), "{:?}", check.details[0]);

    let lines = log.lines();
    let loud: Vec<&Value> = fields(&lines, "newbee::service::jobs::audit_books")
        .into_iter()
        .filter(|line| line["message"] == "the books do not balance")
        .collect();
    let [line] = loud[..] else { panic!("{loud:?}") };
    assert_eq!(line["check"], name);
    assert!(line["details"].as_str().unwrap().contains("user 1 coin "), "{line}");
    let level = lines
        .iter()
        .find(|line| line["fields"]["message"] == "the books do not balance");
    assert_eq!(level.unwrap()["level"], "ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_takes_too_long_is_reported_and_the_others_are_made() {
    let app = TestApp::in_process().await;
    app.pool().execute(BOOKS).await.unwrap();
    let mut holding = app.pool().begin().await.unwrap();
    holding.execute("lock table award_feeds").await.unwrap();
    let impatient = AuditBooks {
        max_check: Duration::from_secs(1),
    };
    let found = impatient.run(context(&app, "audit").await).await;
    holding.rollback().await.unwrap();
    let found = report(found.unwrap());
    let unfinished = found["unfinished"].as_object().unwrap();
    let names: Vec<&String> = unfinished.keys().collect();
    assert_eq!(
        names,
        [
            "change of an award beyond its feed",
            "feed of the host application is ahead of the changes",
            "row of an unknown user",
            "sign-in after the end of its streak",
            "streak broken by a bridged day",
            "streak differs from its sign-ins"
        ]
    );
    assert!(
        unfinished["streak differs from its sign-ins"]
            .as_str()
            .unwrap()
            .contains("timeout"),
        "{found}"
    );
    assert_eq!(found["checks"], checks::all().count() - 6);
    let audit = book_audits::newest(app.pool(), 1).await.unwrap().remove(0);
    assert_eq!((audit.unfinished, audit.ended_at.is_some()), (6, true));
}

const WAITING: &str = "select count(*) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock' and query like 'with found%'";

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_two_checks_the_next_attempt_makes_the_rest() {
    let app = TestApp::in_process().await;
    app.pool().execute(BOOKS).await.unwrap();
    let mut holding = app.pool().begin().await.unwrap();
    holding.execute("lock table award_feeds").await.unwrap();
    let job = context(&app, "killed").await;
    let (run_id, mut next_attempt) = (job.lease.run_id, job.clone());
    let work = tokio::spawn(AuditBooks::SCHEDULED.run(job));
    wait_until("a check waits for the table", async || app.count(WAITING).await > 0).await;
    work.abort();
    work.await.expect_err("it was killed");
    let before = book_audits::checks_of(app.pool(), run_id).await.unwrap();
    assert!(before.len() > 8, "{before:?}");
    holding.rollback().await.unwrap();

    app.clock.advance(TimeDelta::minutes(1));
    next_attempt.progress = sqlx::query_scalar("select progress from job_runs where run_id = $1")
        .bind(run_id)
        .fetch_one(app.pool())
        .await
        .unwrap();
    let found = report(AuditBooks::SCHEDULED.run(next_attempt.clone()).await.unwrap());
    let all = checks::all().count();
    assert_eq!(found["checks"], all, "those of both attempts");
    let after = book_audits::checks_of(app.pool(), run_id).await.unwrap();
    assert_eq!(after.len(), all);
    assert_eq!(after[..before.len()], before, "what was checked is not checked again");

    next_attempt.progress = Some(found.clone());
    assert_eq!(report(AuditBooks::SCHEDULED.run(next_attempt).await.unwrap()), found);
    assert_eq!(book_audits::newest(app.pool(), 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_it_ends_the_check_that_is_going_on() {
    let app = TestApp::in_process().await;
    app.pool().execute(BOOKS).await.unwrap();
    let mut holding = app.pool().begin().await.unwrap();
    holding.execute("lock table award_feeds").await.unwrap();
    let job = context(&app, "stopped").await;
    let stop = job.stop.clone();
    let work = tokio::spawn(AuditBooks::SCHEDULED.run(job));
    wait_until("a check waits for the table", async || app.count(WAITING).await > 0).await;
    stop.cancel();
    assert_eq!(work.await.unwrap().unwrap(), JobEnd::Interrupted);
    wait_until("the database gave it up", async || app.count(WAITING).await == 0).await;
    holding.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_day_it_says_what_is_missing() {
    let app = TestApp::in_process().await;
    let error = AuditBooks::SCHEDULED
        .run(app.context("audit", 1).await)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "audit_books needs a business day: set --day");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_of_the_view_are_in_the_view_and_are_read_alone() {
    let app = TestApp::in_process().await;
    let definition: String = sqlx::query_scalar(
        "select string_agg(pg_get_viewdef(view::regclass), '')
         from unnest(array['ledger_violations', 'word_violations', 'reservation_violations']) as view",
    )
    .fetch_one(app.pool())
    .await
    .unwrap();
    for name in checks::OF_VIEW {
        assert!(
            definition.contains(&format!("'{name}'")),
            "the view knows nothing of {name:?}"
        );
    }
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select detail from invariant_violations where violation = 'balance differs from the sum of its entries'",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("ledger_entries") && !plan.contains("awards"), "{plan}");
}
