//! Bonuses are paid once per first day and length of a streak.

use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::streaks::{MAKE_UPS, add_bonus, later, set_sign_in, sign_in, sign_in_days};

async fn make_up(app: &TestApp, user: &TestUser, day: &str) -> Value {
    let query = "mutation ($day: Date!) { makeUpSignIn(day: $day) { bonusAwards { item amount businessDay status } userErrors { code } } }";
    app.ask_with(user, query, json!({ "day": day })).await["makeUpSignIn"].take()
}

async fn paid(app: &TestApp) -> Vec<(String, String)> {
    sqlx::query_as("select source_key, business_day::text from awards where award_type = 'BONUS' order by award_id")
        .fetch_all(app.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_day_pays_the_bonuses_that_it_reaches_today_and_once() {
    let app = TestApp::start().await;
    set_sign_in(&app, MAKE_UPS).await;
    add_bonus(&app, 2).await;
    let user = app.add_user(17).await;
    sign_in_days(&app, &user, 2).await; // 20 and 21: a bonus
    later(&app, 2).await;
    sign_in_days(&app, &user, 2).await; // 23 and 24: a bonus of another streak
    let expected = |days: &[(&str, &str)]| -> Vec<(String, String)> {
        days.iter()
            .map(|(key, day)| ((*key).to_owned(), format!("2026-11-{day}")))
            .collect()
    };
    assert_eq!(
        paid(&app).await,
        expected(&[("2026-11-20:2", "21"), ("2026-11-23:2", "24")])
    );
    app.run_due_jobs().await;

    // The streak from the 20th has now five days: it reached the fourth one.
    let made_up = make_up(&app, &user, "2026-11-22").await;
    assert_eq!(
        made_up,
        json!({ "bonusAwards": [{ "item": "streak_2", "amount": "2.0000", "businessDay": "2026-11-24", "status": "PENDING" }], "userErrors": [] })
    );
    assert_eq!(
        make_up(&app, &user, "2026-11-22").await,
        json!({ "bonusAwards": [], "userErrors": [] })
    );
    let until = [("2026-11-20:2", "21"), ("2026-11-23:2", "24"), ("2026-11-20:4", "24")];
    assert_eq!(paid(&app).await, expected(&until));
    later(&app, 1).await;
    sign_in(&app, &user).await;
    assert_eq!(
        paid(&app).await,
        expected(&[&until[..], &[("2026-11-20:6", "25")]].concat())
    );
    // Whatever a program does, the database pays it once.
    let again = sqlx::query(
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at, created_at, updated_at)
         select user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day + 1, settles_at, created_at, updated_at
         from awards where source_key = '2026-11-20:4'",
    );
    assert!(
        again
            .execute(app.pool())
            .await
            .unwrap_err()
            .to_string()
            .contains("bonuses_once")
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bonus_beyond_its_budget_is_left_out() {
    let app = TestApp::start().await;
    set_sign_in(&app, MAKE_UPS).await;
    add_bonus(&app, 1).await;
    app.sql(
        "insert into rule_versions (item, version, amount, coin_id, target_rule, streak_length, streak_repeats, day_budget, changed_by, reason, created_at)
         values ('streak_1', 2, 1, '1', 'NONE', 1, true, 2, 'test', 'test', '2026-01-01Z')",
    )
    .await;
    let user = app.add_user(17).await;
    sign_in(&app, &user).await; // 20
    later(&app, 4).await;
    // Three days, each the first of a streak or its next length: two of them are paid.
    for (day, paid) in [("2026-11-21", 1), ("2026-11-22", 1), ("2026-11-23", 0)] {
        let made_up = make_up(&app, &user, day).await;
        assert_eq!(
            made_up["bonusAwards"].as_array().unwrap().len(),
            paid,
            "{day}: {made_up}"
        );
        assert_eq!(made_up["userErrors"], json!([]));
    }
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}
