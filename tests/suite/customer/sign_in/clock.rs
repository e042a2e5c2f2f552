//! Sign-ins at midnight and on days with a clock change.

use chrono::{NaiveDate, TimeDelta};
use newbee::domain::audit::Author;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser, instant};

const SIGN_IN: &str = "mutation { signInToday { award { businessDay } userErrors { code } } }";

const TODAY: &str = "{ me { todayAwards { businessDay status } signIn { signedInToday streak nextSignInAt } } clock { businessDay nextDayAt } }";

async fn sign_in(app: &TestApp, user: &TestUser) -> Value {
    app.ask(user, SIGN_IN).await["signInToday"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_midnight_everybody_is_fresh_and_the_streak_goes_on() {
    let app = TestApp::builder().at("2026-11-20T15:59:59Z").start().await;
    let user = app.add_user(17).await;
    app.run_due_jobs().await; // the jobs are known from now on
    assert_eq!(sign_in(&app, &user).await["award"]["businessDay"], "2026-11-20");

    // One second later it is tomorrow, whether or not a job has run.
    app.clock.advance(TimeDelta::seconds(1));
    insta::assert_compact_json_snapshot!(app.ask(&user, TODAY).await, @r#"
    {
      "clock": {
        "businessDay": "2026-11-21",
        "nextDayAt": "2026-11-21T16:00:00.000Z"
      },
      "me": {
        "signIn": {
          "nextSignInAt": null,
          "signedInToday": false,
          "streak": 1
        },
        "todayAwards": []
      }
    }
    "#);
    insta::assert_compact_json_snapshot!(sign_in(&app, &user).await, @r#"{"award": {"businessDay": "2026-11-21"}, "userErrors": []}"#);
    insta::assert_compact_json_snapshot!(app.ask(&user, TODAY).await, @r#"
    {
      "clock": {
        "businessDay": "2026-11-21",
        "nextDayAt": "2026-11-21T16:00:00.000Z"
      },
      "me": {
        "signIn": {
          "nextSignInAt": "2026-11-21T16:00:00.000Z",
          "signedInToday": true,
          "streak": 2
        },
        "todayAwards": [
          {
            "businessDay": "2026-11-21",
            "status": "PENDING"
          }
        ]
      }
    }
    "#);

    // Five minutes into the day the last one is closed, with what was earned on it.
    app.clock.set(instant("2026-11-20T16:05:00Z"));
    app.run_due_jobs().await;
    let closed: Vec<(String, i64)> = sqlx::query_as("select day::text, award_count from business_day_totals")
        .fetch_all(app.pool())
        .await
        .unwrap();
    assert_eq!(closed, [("2026-11-20".to_owned(), 1)]);

    // A day missed, and the streak reads nothing; signing in begins a new one.
    app.clock.set(instant("2026-11-22T16:00:00Z"));
    assert_eq!(app.ask(&user, TODAY).await["me"]["signIn"]["streak"], 0);
    sign_in(&app, &user).await;
    assert_eq!(app.ask(&user, TODAY).await["me"]["signIn"]["streak"], 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_23_and_25_hours_are_days() {
    // London: clocks go ahead on 29 March 2026 at 01:00 UTC, and back on 25 October.
    let app = TestApp::builder()
        .zone("Europe/London")
        .at("2026-03-28T23:59:00Z")
        .start()
        .await;
    let user = app.add_user(17).await;
    app.run_due_jobs().await; // the jobs are known from now on
    for (at, day, next) in [
        ("2026-03-28T23:59:00Z", "2026-03-28", "2026-03-29T00:00:00.000Z"),
        ("2026-03-29T00:00:00Z", "2026-03-29", "2026-03-29T23:00:00.000Z"),
        ("2026-03-29T23:00:00Z", "2026-03-30", "2026-03-30T23:00:00.000Z"),
        ("2026-10-24T23:00:00Z", "2026-10-25", "2026-10-26T00:00:00.000Z"),
        ("2026-10-25T23:59:59Z", "2026-10-25", "2026-10-26T00:00:00.000Z"),
        ("2026-10-26T00:00:00Z", "2026-10-26", "2026-10-27T00:00:00.000Z"),
    ] {
        app.clock.set(instant(at));
        let signed_in = sign_in(&app, &user).await;
        assert_eq!(signed_in["award"]["businessDay"], day, "{at}");
        assert_eq!(
            app.ask(&user, TODAY).await["clock"],
            json!({ "businessDay": day, "nextDayAt": next }),
            "{at}"
        );
    }
    let awards = app
        .ask(&user, "{ me { awards { totalCount } signIn { streak } } }")
        .await;
    insta::assert_compact_json_snapshot!(awards, @r#"{"me": {"awards": {"totalCount": 5}, "signIn": {"streak": 2}}}"#);
    // The closings of all days between, in local time on either side of the change. Nobody was active for months, so a person
    // confirms the days.
    app.clock.set(instant("2026-10-26T00:05:00Z"));
    let days: [NaiveDate; 2] = ["2026-03-28", "2026-10-25"].map(|day| day.parse().unwrap());
    let author = Author::at_the_command_line(app.clock.now());
    app.app
        .jobs
        .request_backfill(
            app.app.jobs.job("close_day").unwrap(),
            days[0]..=days[1],
            Some("nobody was active"),
            &author,
            app.pool(),
        )
        .await
        .unwrap();
    app.run_due_jobs().await;
    let last: String = sqlx::query_scalar("select max(day)::text from business_days where state = 'CLOSED'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(last, "2026-10-25");
    app.stop().await;
}
