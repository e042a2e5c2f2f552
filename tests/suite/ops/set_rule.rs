//! The mutation `setRule`: each change is a new version with author, time and reason.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::domain::award::AwardType;
use newbee::domain::budget::Budget;
use newbee::domain::qualification::{InviteRejection, InviteTerms};
use newbee::domain::rejection::change::ChangeRejection;
use newbee::domain::rule::{AmountRule, RuleRejection, RuleTerms, TargetRule};
use newbee::domain::rule_texts::RuleTextsChange;
use newbee::domain::streak::Forgiveness;
use newbee::service::set_rule::{RuleChange, RuleOutcome, set_rule};
use newbee::store::rules;
use serde_json::{Value, json};

use crate::support::app::{NOON, TestApp};
use crate::support::decided;

fn change(item: &str, amount: i64) -> RuleChange {
    RuleChange {
        item: item.into(),
        award_type: AwardType::Daily,
        terms: RuleTerms {
            amount: AmountRule::Fixed(amount.into()),
            coin_id: "1".into(),
            daily_limit: Some(1),
            target_rule: TargetRule::None,
            hold: TimeDelta::zero(),
            opens_at: None,
            closes_at: None,
            enabled: true,
            streak: None,
            budget: Budget::default(),
            forgiveness: Forgiveness::default(),
            invite: InviteTerms::default(),
        },
        texts: RuleTextsChange::default(),
        expected_version: None,
        reason: "a test".into(),
    }
}

async fn set(app: &TestApp, change: &RuleChange) -> Result<RuleOutcome, Vec<RuleRejection>> {
    let author = Author::at_the_command_line(app.clock.now());
    decided(set_rule(app.pool(), change, &author).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_a_version_and_awards_name_theirs() {
    let app = TestApp::start().await;
    let (early, late) = (app.add_user(1).await, app.add_user(2).await);
    let sign_in = "mutation { signInToday { award { amount } } }";
    assert_eq!(
        app.ask(&early, sign_in).await["signInToday"]["award"]["amount"],
        "5.0000"
    );
    let Ok(RuleOutcome::Changed(rule)) = set(&app, &change("sign_in", 8)).await else {
        panic!("the rule was not changed")
    };
    assert_eq!((rule.version, rule.changed_by.as_str()), (2, "command line"));
    assert_eq!(
        app.ask(&late, sign_in).await["signInToday"]["award"]["amount"],
        "8.0000"
    );
    let versions: Vec<(i64, i32)> = sqlx::query_as("select user_id, rule_version from awards order by user_id")
        .fetch_all(app.pool())
        .await
        .unwrap();
    assert_eq!(versions, [(1, 1), (2, 2)]);

    // The same again is no change; a change that crosses another one is refused; a new item begins at 1.
    assert!(matches!(
        set(&app, &change("sign_in", 8)).await,
        Ok(RuleOutcome::Unchanged(_))
    ));
    let crossing = RuleChange {
        expected_version: Some(1),
        ..change("sign_in", 9)
    };
    assert_eq!(
        set(&app, &crossing).await,
        Err(vec![RuleRejection::VersionDiffers { version: 2 }])
    );
    let Ok(RuleOutcome::Changed(rule)) = set(&app, &change("share_photo", 3)).await else {
        panic!("the item was not added")
    };
    assert_eq!(rule.version, 1);
    let history = rules::list(app.pool(), Some("sign_in"), true).await.unwrap();
    assert_eq!(history.iter().map(|rule| rule.version).collect::<Vec<_>>(), [2, 1]);

    let audited: Vec<(String, Option<Value>, Value)> =
        sqlx::query_as("select subject, before, after from audit_log where action = 'set_rule' order by audit_id")
            .fetch_all(app.pool())
            .await
            .unwrap();
    assert_eq!(audited.len(), 2);
    let (subject, before, after) = &audited[0];
    assert_eq!(subject, "rule:sign_in");
    assert_eq!(
        (&before.as_ref().unwrap()["amount"], &after["amount"]),
        (&json!("5.0000"), &json!("8.0000"))
    );
    assert_eq!(audited[1].1, None, "a new item was not there before");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_make_one_version_each() {
    let app = TestApp::start().await;
    let changes: Vec<_> = (1..=8).map(|amount| change("share_photo", amount)).collect();
    let outcomes = futures_util::future::join_all(changes.iter().map(|change| set(&app, change))).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(RuleOutcome::Changed(_))))
    );
    let history = rules::list(app.pool(), Some("share_photo"), true).await.unwrap();
    assert_eq!(history.len(), 8);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_ends_before_it_starts_and_other_nonsense_change_nothing() {
    let app = TestApp::start().await;
    let mut closed = change("closed_task", 1);
    closed.terms.enabled = false;
    set(&app, &closed).await.unwrap();
    let mut backwards = change("join_group", 4);
    backwards.terms.opens_at = Some(app.clock.now());
    backwards.terms.closes_at = Some(app.clock.now() - TimeDelta::hours(1));
    assert_eq!(
        set(&app, &backwards).await,
        Err(vec![ChangeRejection::WindowEndsBeforeItStarts.into()])
    );
    let mut retyped = change("set_fomo_id", 4);
    retyped.terms.daily_limit = None;
    assert_eq!(
        set(&app, &retyped).await,
        Err(vec![RuleRejection::TypeDiffers {
            kind: "NEWBEE".to_owned()
        }])
    );
    let mut unpaid = change("invite_colleague", 4);
    unpaid.award_type = AwardType::Invite;
    for item in ["invite_friend", "closed_task", "unknown"] {
        unpaid.terms.invite.required_items = vec!["join_group".into(), item.into()];
        let never_paid = InviteRejection::NeverPaid { item: item.into() };
        assert_eq!(set(&app, &unpaid).await, Err(vec![never_paid.into()]));
    }
    unpaid.terms.invite.required_items.clear();
    unpaid.terms.invite.within_days = Some(3);
    assert_eq!(
        set(&app, &unpaid).await,
        Err(vec![InviteRejection::WithinDaysInvalid.into()])
    );
    let unexplained = RuleChange {
        reason: " ".into(),
        ..change("join_group", 4)
    };
    assert_eq!(
        set(&app, &unexplained).await,
        Err(vec![ChangeRejection::ReasonInvalid.into()])
    );
    assert_eq!(rules::list(app.pool(), None, true).await.unwrap().len(), 5);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_rules_that_make_no_sense() {
    let app = TestApp::start().await;
    for (item, columns, values) in [
        ("sign_in", "amount, amount_max, amount_step", "5, 1, 1"),
        ("sign_in", "amount, amount_max, amount_step", "1, 2, 0.3"),
        ("sign_in", "amount, amount_max", "1, 2"),
        ("sign_in", "amount, streak_length", "1, 7"),
        ("word", "amount", "1"),
        ("sign_in", "amount, friends", "1, 3"),
        ("invite_friend", "amount, within_days", "1, 3"),
        ("invite_friend", "amount, sign_in_days, within_days", "1, 4, 3"),
        ("invite_friend", "amount, friends, pays", "1, 3, 'INVITEE'"),
        (
            "sign_in",
            "amount, opens_at, closes_at",
            "1, '2026-01-02Z', '2026-01-01Z'",
        ),
    ] {
        let added = sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "insert into rule_versions (item, version, coin_id, target_rule, changed_by, reason, created_at, {columns})
             values ('{item}', 99, '1', 'NONE', 'test', 'test', '{NOON}', {values})"
        )))
        .execute(app.pool())
        .await;
        assert!(added.is_err(), "{item} {columns} {values}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_changed_over_the_wire() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let set = "mutation ($input: RuleInput!) { setRule(input: $input) { changed rule { version amount maxAmount } problems { code message } } }";
    let input = json!({ "item": "sign_in", "type": "DAILY", "amount": "1", "maxAmount": "3", "amountStep": "1", "coinId": "1",
                        "dailyLimit": 1, "reason": "a livelier sign-in" });
    let changed = app.admin(&ops, set, json!({ "input": input })).await;
    insta::assert_compact_json_snapshot!(changed, @r#"{"setRule": {"changed": true, "problems": [], "rule": {"amount": "1.0000", "maxAmount": "3.0000", "version": 2}}}"#);
    let mut backwards = input.clone();
    backwards["opensAt"] = json!("2026-12-02T00:00:00Z");
    backwards["closesAt"] = json!("2026-12-01T00:00:00Z");
    let refused = app.admin(&ops, set, json!({ "input": backwards })).await;
    insta::assert_compact_json_snapshot!(refused, @r#"
    {
      "setRule": {
        "changed": false,
        "problems": [
          {
            "code": "WINDOW_ENDS_BEFORE_IT_STARTS",
            "message": "closesAt must be later than opensAt."
          }
        ],
        "rule": null
      }
    }
    "#);
    let log = app
        .admin(&ops, "{ auditLog(first: 1) { actor action reason } }", json!({}))
        .await;
    insta::assert_compact_json_snapshot!(log, @r#"{"auditLog": [{"action": "set_rule", "actor": "key:ops", "reason": "a livelier sign-in"}]}"#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_replays_the_last_seven_days_and_changes_nothing() {
    let app = TestApp::start().await;
    let ops = app.api_key("ops", &[Scope::OpsWrite]).await;
    let (one, two) = (app.add_user(1).await, app.add_user(2).await);
    let sign_in = "mutation { signInToday { award { id } } }";
    for day in 0..3 {
        app.ask(&one, sign_in).await;
        if day == 1 {
            app.ask(&two, sign_in).await;
        }
        app.clock.advance(TimeDelta::days(1));
    }
    app.ask(&one, sign_in).await; // today is not replayed
    let set = "mutation ($input: RuleInput!) { setRule(input: $input, dryRun: true) { changed rule { version }
        replay { day awardCount paid { coinId amount } wouldAwardCount wouldPay } problems { code } } }";
    let input = |budget: Value| {
        json!({ "input": { "item": "sign_in", "type": "DAILY", "amount": "8", "coinId": "2", "dailyLimit": 1,
                           "dayBudget": budget, "expectedVersion": 1, "reason": "a test" } })
    };
    let tried = app.admin(&ops, set, input(json!("15"))).await["setRule"].take();
    let replay = tried["replay"].as_array().unwrap();
    assert_eq!(replay.len(), 7);
    let day = |day: &str, made: usize, paid: &str, would: usize| {
        let paid = (made > 0).then(|| json!({ "amount": paid, "coinId": "1" }));
        let would_pay = format!("{}.0000", would * 8);
        json!({ "day": day, "awardCount": made, "paid": Vec::from_iter(paid),
                "wouldAwardCount": would, "wouldPay": would_pay })
    };
    let expected = [
        day("2026-11-19", 0, "", 0),
        day("2026-11-20", 1, "5.0000", 1),
        day("2026-11-21", 2, "10.0000", 1),
    ];
    assert_eq!(replay[3..6], expected);
    assert_eq!(
        (&tried["changed"], &tried["rule"]["version"]),
        (&json!(true), &json!(2))
    );
    let refused = app.admin(&ops, set, input(json!("7"))).await;
    assert_eq!(refused["setRule"]["problems"], json!([{ "code": "BUDGET_INVALID" }]));
    assert_eq!(
        app.count("select count(*) from rule_versions where item = 'sign_in'")
            .await,
        1
    );
    assert_eq!(app.count("select count(*) from budget_slots").await, 0);
    assert_eq!(
        app.count("select count(*) from audit_log where action = 'set_rule'")
            .await,
        0
    );
    app.stop().await;
}
