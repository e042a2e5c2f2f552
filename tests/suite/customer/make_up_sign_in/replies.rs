//! Replies of `makeUpSignIn`: days that are made up, and each rejection.

use serde_json::{Value, json};

use crate::support::app::{TestApp, instant};
use crate::support::streaks::{
    FORGIVING, MAKE_UPS, calendar, later, make_up, set_sign_in, sign_in, sign_in_days, streak,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_day_joins_the_streak_once() {
    let app = TestApp::start().await;
    set_sign_in(&app, MAKE_UPS).await;
    let user = app.add_user(17).await;
    sign_in_days(&app, &user, 2).await; // 20 and 21
    later(&app, 2).await;
    assert_eq!(streak(&app, &user).await, json!([0, 2, null]));
    assert_eq!(calendar(&app, &user, "2026-11-01").await, "20s 21s 22m+ 23o");
    assert_eq!(sign_in(&app, &user).await, 1);

    let query = "mutation ($day: Date!) { makeUpSignIn(day: $day) {
        me { signIn { streak longestStreak calendar { makeUpDays makeUpsPerMonth makeUpsLeft } } }
        bonusAwards { id } userErrors { code message field } } }";
    let made_up = app.ask_with(&user, query, json!({ "day": "2026-11-22" })).await;
    let expected = json!({
        "me": { "signIn": { "streak": 4, "longestStreak": 4,
                            "calendar": { "makeUpDays": 7, "makeUpsPerMonth": 3, "makeUpsLeft": 2 } } },
        "bonusAwards": [],
        "userErrors": []
    });
    assert_eq!(made_up["makeUpSignIn"], expected);
    let again = app.ask_with(&user, query, json!({ "day": "2026-11-22" })).await;
    assert_eq!(again, made_up);
    assert_eq!(calendar(&app, &user, "2026-11-30").await, "20s 21s 22u 23s");
    assert_eq!(
        app.count("select count(*) from awards").await,
        3,
        "a made-up day pays nothing"
    );
    later(&app, 1).await;
    assert_eq!(sign_in(&app, &user).await, 5);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_code_and_both_languages() {
    let app = TestApp::builder().at("2026-11-28T04:00:00Z").start().await;
    let user = app.add_user(17).await;
    later(&app, 5).await; // 3 December
    assert_eq!(make_up(&app, &user, "2026-12-02").await, "MAKE_UP_CLOSED");
    assert_eq!(calendar(&app, &user, "2026-12-01").await, "01m 02m 03o");
    set_sign_in(&app, MAKE_UPS).await;
    sign_in(&app, &user).await;
    for (day, code) in [
        ("2026-12-03", "MAKE_UP_NOT_PAST"),
        ("2026-12-04", "MAKE_UP_NOT_PAST"),
        ("9999-12-31", "MAKE_UP_NOT_PAST"),
        ("2026-11-27", "MAKE_UP_BEFORE_ACCOUNT"),
        ("2026-11-25", "MAKE_UP_TOO_OLD"),
        ("1900-01-01", "MAKE_UP_TOO_OLD"),
    ] {
        assert_eq!(make_up(&app, &user, day).await, code, "{day}");
    }
    // Three days of each month.
    assert_eq!(calendar(&app, &user, "2026-11-01").await, "28m+ 29m+ 30m+");
    for day in ["2026-11-28", "2026-11-30", "2026-11-29", "2026-12-01", "2026-12-02"] {
        assert_eq!(make_up(&app, &user, day).await, "done", "{day}");
    }
    assert_eq!(streak(&app, &user).await, json!([6, 6, null]));
    later(&app, 2).await;
    assert_eq!(make_up(&app, &user, "2026-12-03").await, "MAKE_UP_NOT_MISSED");
    assert_eq!(make_up(&app, &user, "2026-12-04").await, "done");
    later(&app, 2).await;
    assert_eq!(make_up(&app, &user, "2026-12-05").await, "MAKE_UP_LIMIT_REACHED");
    assert_eq!(calendar(&app, &user, "2026-12-01").await, "01u 02u 03s 04u 05m 06m 07o");
    let query =
        "mutation { makeUpSignIn(day: \"2026-12-05\") { userErrors { __typename code message field legacyStatus } } }";
    let english = app.ask(&user, query).await["makeUpSignIn"]["userErrors"].take();
    let message = "You have made up 3 days of that month, and more are not possible.";
    assert_eq!(
        english,
        json!([{ "__typename": "MakeUpError", "code": "MAKE_UP_LIMIT_REACHED", "message": message, "field": ["day"], "legacyStatus": null }])
    );
    // A day that is made up stays so after the rule is closed.
    app.sql("insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, enabled, make_up_days, make_up_limit, changed_by, reason, created_at)
             values ('sign_in', 3, 5, '1', 1, 'NONE', false, 7, 3, 'test', 'test', '2026-12-07Z')").await;
    assert_eq!(make_up(&app, &user, "2026-12-04").await, "done");
    assert_eq!(make_up(&app, &user, "2026-12-06").await, "MAKE_UP_CLOSED");
    let unauthenticated = app.reply(None, query, json!({})).await;
    assert_eq!(unauthenticated["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn business_days_begin_at_midnight_of_the_zone() {
    let app = TestApp::builder().at("2026-11-20T15:59:59Z").start().await; // still the 20th in Shanghai
    set_sign_in(&app, MAKE_UPS).await;
    let user = app.add_user(17).await;
    assert_eq!(make_up(&app, &user, "2026-11-20").await, "MAKE_UP_NOT_PAST");
    app.clock.set(instant("2026-11-20T16:00:00Z"));
    assert_eq!(make_up(&app, &user, "2026-11-19").await, "MAKE_UP_BEFORE_ACCOUNT");
    assert_eq!(make_up(&app, &user, "2026-11-20").await, "done");
    // The 27th is the seventh day after the 20th.
    app.clock.set(instant("2026-11-28T15:59:59Z"));
    assert_eq!(make_up(&app, &user, "2026-11-21").await, "done");
    app.clock.set(instant("2026-11-29T15:59:59Z"));
    assert_eq!(make_up(&app, &user, "2026-11-22").await, "done");
    app.clock.set(instant("2026-11-30T16:00:00Z"));
    assert_eq!(make_up(&app, &user, "2026-11-23").await, "MAKE_UP_TOO_OLD");
    assert_eq!(make_up(&app, &user, "2026-11-24").await, "MAKE_UP_LIMIT_REACHED");
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

/// Days made up in any order give the same streak.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_does_not_matter_and_earlier_streaks_become_the_longest() {
    let app = TestApp::start().await;
    set_sign_in(&app, MAKE_UPS).await;
    for (id, order) in [
        (1, ["22", "23", "24"]),
        (2, ["24", "23", "22"]),
        (3, ["23", "24", "22"]),
    ] {
        app.clock.set(instant("2026-11-20T04:00:00Z"));
        let user = app.add_user(id).await;
        sign_in_days(&app, &user, 2).await; // 20 and 21
        later(&app, 4).await; // 25
        for day in order {
            assert_eq!(make_up(&app, &user, &format!("2026-11-{day}")).await, "done");
        }
        assert_eq!(streak(&app, &user).await, json!([5, 5, null]), "{order:?}");
        later(&app, 3).await; // 28
        sign_in(&app, &user).await;
        assert_eq!(streak(&app, &user).await, json!([1, 5, null]), "{order:?}");
    }
    // Two earlier streaks are joined while another is current.
    app.clock.set(instant("2026-11-20T04:00:00Z"));
    let user = app.add_user(4).await;
    sign_in_days(&app, &user, 2).await;
    later(&app, 2).await;
    sign_in_days(&app, &user, 2).await; // 23 and 24
    later(&app, 3).await;
    sign_in(&app, &user).await; // 27
    assert_eq!(streak(&app, &user).await, json!([1, 2, null]));
    assert_eq!(make_up(&app, &user, "2026-11-22").await, "done");
    assert_eq!(streak(&app, &user).await, json!([1, 5, null]));
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_freezes_would_cover_can_be_made_up_instead() {
    let app = TestApp::start().await;
    set_sign_in(&app, FORGIVING).await;
    let user = app.add_user(17).await;
    sign_in_days(&app, &user, 6).await; // 20 to 25: two freezes
    assert_eq!(streak(&app, &user).await, json!([6, 6, 2]));
    later(&app, 3).await; // 28
    assert_eq!(streak(&app, &user).await, json!([6, 6, 0]), "both cover a day");
    assert_eq!(
        calendar(&app, &user, "2026-11-01").await,
        "20s 21s 22s 23s 24s 25s 26f+ 27f+ 28o"
    );
    assert_eq!(make_up(&app, &user, "2026-11-26").await, "done");
    assert_eq!(streak(&app, &user).await, json!([7, 7, 1]));
    assert_eq!(sign_in(&app, &user).await, 8);
    assert_eq!(streak(&app, &user).await, json!([8, 8, 1]));
    assert_eq!(
        make_up(&app, &user, "2026-11-27").await,
        "MAKE_UP_NOT_MISSED",
        "its freeze is used"
    );
    assert_eq!(
        calendar(&app, &user, "2026-11-01").await,
        "20s 21s 22s 23s 24s 25s 26u 27f 28s"
    );
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_the_host_reports_for_a_made_up_day_pays_and_leaves_the_streak() {
    let app = TestApp::builder().at("2026-11-20T15:00:00Z").start().await;
    set_sign_in(&app, MAKE_UPS).await;
    let user = app.add_user(17).await;
    app.clock.set(instant("2026-11-20T16:01:00Z"));
    assert_eq!(make_up(&app, &user, "2026-11-20").await, "done");
    let bot = app.api_key("bot", &[newbee::domain::api_key::Scope::Act]).await;
    let act = "mutation { actForUsers(acts: [{ signIn: { userId: 17, idempotencyKey: \"k\", occurredAt: \"2026-11-20T15:30:00Z\" } }]) {
        results { award { businessDay } refused { code } } } }";
    let acted: Value = app.admin(&bot, act, json!({})).await["actForUsers"]["results"].take();
    assert_eq!(
        acted,
        json!([{ "award": { "businessDay": "2026-11-20" }, "refused": null }])
    );
    assert_eq!(streak(&app, &user).await, json!([1, 1, null]));
    assert_eq!(sign_in(&app, &user).await, 2);
    app.assert_audit_finds_nothing().await;
    app.stop().await;
}
