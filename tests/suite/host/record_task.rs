//! Tasks that the host reports: once per key, within the caps, on days that are open.

use chrono::TimeDelta;
use futures_util::future::join_all;
use newbee::domain::audit::Author;
use newbee::domain::award::{Award, AwardType};
use newbee::domain::budget::Budget;
use newbee::domain::id::UserId;
use newbee::domain::qualification::InviteTerms;
use newbee::domain::rule::{AmountRule, RuleTerms, TargetRule};
use newbee::domain::rule_texts::RuleTextsChange;
use newbee::domain::streak::Forgiveness;
use newbee::domain::task::{TaskRejection, TaskReport};
use newbee::service::record_task::{RecordedTask, record_task};
use newbee::service::set_rule::{RuleChange, set_rule};

use crate::support::app::{TestApp, instant};
use crate::support::decided;

async fn record(app: &TestApp, report: &TaskReport) -> Result<RecordedTask, TaskRejection> {
    decided(record_task(app.pool(), app.calendar, report, "test", app.now()).await)
}

fn joined(group: &str, key: &str) -> TaskReport {
    TaskReport {
        user_id: UserId(17),
        item: "join_group".to_owned(),
        target_id: Some(group.to_owned()),
        idempotency_key: key.to_owned(),
        occurred_at: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_has_the_same_answer_for_ever_and_other_content_is_a_conflict() {
    let app = TestApp::start().await;
    app.add_user(17).await;
    let first = record(&app, &joined("19", "a")).await.unwrap();
    assert!(!first.repeated);
    for key in ["b", "c"] {
        record(&app, &joined(key, key)).await.unwrap();
    }
    assert_eq!(
        record(&app, &joined("22", "d")).await,
        Err(TaskRejection::LimitReached { limit: 3 })
    );
    assert_eq!(
        record(&app, &joined("19", "e")).await,
        Err(TaskRejection::AlreadyAwarded)
    );
    assert_eq!(record(&app, &joined("20", "a")).await, Err(TaskRejection::Conflict));

    app.clock.advance(TimeDelta::days(1));
    let again = record(&app, &joined("19", "a")).await.unwrap();
    assert!(again.repeated);
    // The first reply was sent while older transactions may have been open, so its change number may be lower.
    assert!(again.award.change >= first.award.change);
    let change = again.award.change;
    assert_eq!(again.award, Award { change, ..first.award });
    assert_eq!(
        record(&app, &joined("22", "d")).await,
        Err(TaskRejection::LimitReached { limit: 3 }),
        "also after midnight"
    );
    assert!(
        !record(&app, &joined("22", "f")).await.unwrap().repeated,
        "a new key is a new event"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_reports_at_once_make_one_award_by_key_and_three_by_cap() {
    let app = TestApp::start().await;
    app.add_user(17).await;
    let one = joined("19", "same");
    let awarded = join_all((0..100).map(|_| record(&app, &one))).await;
    let ids: std::collections::HashSet<_> = awarded
        .iter()
        .map(|recorded| recorded.as_ref().unwrap().award.id)
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(
        awarded
            .iter()
            .filter(|recorded| !recorded.as_ref().unwrap().repeated)
            .count(),
        1
    );

    let groups: Vec<_> = (0..50)
        .map(|group| joined(&group.to_string(), &format!("key-{group}")))
        .collect();
    let made = join_all(groups.iter().map(|report| record(&app, report))).await;
    assert_eq!(
        made.iter().filter(|recorded| recorded.is_ok()).count(),
        2,
        "three a day, and one was there"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_belated_report_counts_for_its_day_until_that_is_closed() {
    let app = TestApp::start().await;
    app.add_user(17).await;
    app.run_due_jobs().await;
    app.clock.set(instant("2026-11-20T16:01:00Z")); // a minute past midnight
    let yesterday = |group: &str| TaskReport {
        occurred_at: Some(instant("2026-11-20T15:59:00Z")),
        ..joined(group, &format!("belated-{group}"))
    };
    let award = record(&app, &yesterday("1")).await.unwrap().award;
    assert_eq!(award.business_day.to_string(), "2026-11-20");
    assert_eq!(award.created_at, app.clock.now());

    app.clock.set(instant("2026-11-20T16:05:00Z"));
    app.run_due_jobs().await;
    let day = "2026-11-20".parse().unwrap();
    assert_eq!(
        record(&app, &yesterday("2")).await,
        Err(TaskRejection::DayClosed { day })
    );
    let ancient = TaskReport {
        occurred_at: Some(instant("1970-01-01T00:00:00Z")),
        ..joined("4", "ancient")
    };
    assert!(matches!(
        record(&app, &ancient).await,
        Err(TaskRejection::DayClosed { .. })
    ));
    let tomorrow = TaskReport {
        occurred_at: Some(instant("2026-11-22T00:00:00Z")),
        ..joined("3", "future")
    };
    assert_eq!(record(&app, &tomorrow).await, Err(TaskRejection::InTheFuture));
    app.stop().await;
}

/// A task of `join_group` that was done at an instant.
fn done_at(at: &str, key: &str) -> TaskReport {
    TaskReport {
        occurred_at: Some(instant(at)),
        ..joined(key, key)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_decided_by_the_rule_in_force_when_it_was_done() {
    let app = TestApp::builder().at("2026-11-20T02:00:00Z").start().await;
    app.add_user(17).await;
    let set = async |item: &str, amount: i64, change: fn(&mut RuleTerms)| {
        let mut terms = RuleTerms {
            amount: AmountRule::Fixed(amount.into()),
            coin_id: "1".into(),
            daily_limit: None,
            target_rule: TargetRule::OnceADay,
            hold: TimeDelta::zero(),
            opens_at: None,
            closes_at: None,
            enabled: true,
            streak: None,
            budget: Budget::default(),
            forgiveness: Forgiveness::default(),
            invite: InviteTerms::default(),
        };
        change(&mut terms);
        let change = RuleChange {
            item: item.into(),
            award_type: AwardType::Daily,
            terms,
            texts: RuleTextsChange::default(),
            expected_version: None,
            reason: "a test".into(),
        };
        let author = Author::at_the_command_line(app.clock.now());
        set_rule(app.pool(), &change, &author).await.unwrap();
    };
    // Version 1 pays 10 until 02:00; version 2 pays 7 until 03:00; version 3 is disabled; version 4 pays 9 from 05:00 on.
    set("join_group", 7, |_| {}).await;
    app.clock.set(instant("2026-11-20T03:00:00Z"));
    set("join_group", 7, |terms| terms.enabled = false).await;
    app.clock.set(instant("2026-11-20T04:00:00Z"));
    set("join_group", 9, |terms| {
        terms.opens_at = Some(instant("2026-11-20T05:00:00Z"));
    })
    .await;
    app.clock.set(instant("2026-11-20T06:00:00Z"));
    set("join_group", 11, |terms| {
        terms.closes_at = Some(instant("2026-11-20T06:30:00Z"));
    })
    .await;
    set("new_item", 3, |_| {}).await;
    app.clock.set(instant("2026-11-20T07:00:00Z"));

    for (at, paid) in [
        ("2026-11-20T01:59:59Z", Some(10)),
        ("2026-11-20T02:00:00Z", Some(7)),
        ("2026-11-20T02:59:59Z", Some(7)),
        ("2026-11-20T03:00:00Z", None),
        ("2026-11-20T04:30:00Z", None),
        ("2026-11-20T05:00:00Z", Some(9)),
        ("2026-11-20T06:29:59Z", Some(11)),
        ("2026-11-20T06:30:00Z", None),
        ("2026-11-20T07:00:30Z", None), // the host's clock is ahead a little
    ] {
        let amount = record(&app, &done_at(at, at))
            .await
            .map(|recorded| recorded.award.amount);
        let expected = paid.map(|amount: i64| amount.into()).ok_or(TaskRejection::RuleClosed);
        assert_eq!(amount, expected, "{at}");
        let again = record(&app, &done_at(at, at))
            .await
            .map(|recorded| recorded.award.amount);
        assert_eq!(again, expected, "again: {at}");
    }
    assert_eq!(
        record(&app, &joined("now", "now")).await,
        Err(TaskRejection::RuleClosed)
    );
    let before_the_item = TaskReport {
        item: "new_item".into(),
        ..done_at("2026-11-20T05:59:59Z", "too early")
    };
    assert_eq!(record(&app, &before_the_item).await, Err(TaskRejection::RuleClosed));
    app.stop().await;
}
