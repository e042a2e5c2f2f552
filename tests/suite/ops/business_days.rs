//! Business days and audits of the admin API, compared with the tables.

use chrono::TimeDelta;
use newbee::demo;
use newbee::domain::api_key::Scope;
use newbee::store::bounded::PgPool;
use serde_json::{Value, json};
use sqlx::FromRow;

use crate::support::app::TestApp;

const DAYS: &str = "{ clock { serverTime businessDay timeZone }

    businessDays(first: 40) { day state closedAt closedByRun signIns
      totals { item coinId awards amount }
      settlements { coinId settled settledAmount reversed reversedAmount } } }";

/// A sum of a day, by whatever: the item and coin of awards, the kind and coin of entries.
#[derive(Debug, PartialEq, FromRow)]
struct Sum {
    day: String,
    name: String,
    coin_id: String,
    count: i64,
    amount: String,
}

async fn sums(pool: &PgPool, sql: &'static str) -> Vec<Sum> {
    sqlx::query_as(sql).fetch_all(pool).await.unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_what_their_awards_and_entries_add_up_to() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    demo::prepare(app.pool(), app.calendar, app.now(), true).await.unwrap();
    app.run_due_jobs().await; // the jobs are known from now on
    let user = app.add_user(70_001).await;
    for _ in 0..3 {
        app.ask(&user, "mutation { signInToday { award { id } } }").await;
        app.clock.advance(TimeDelta::days(1));
        app.run_due_jobs().await;
    }
    // A day that goes on, with a sign-in that waits and an older one that is taken back.
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    let reversed = app
        .admin(
            &key,
            "mutation { reverseAwards(selection: { userId: \"70001\", businessDay: \"2026-11-20\" }, reason: \"a test\") {
                 changed { count } } }",
            json!({}),
        )
        .await;
    assert_eq!(reversed["reverseAwards"]["changed"], json!([{ "count": 1 }]));

    let told = app.admin(&key, DAYS, json!({})).await;
    assert_eq!(
        told["clock"],
        json!({ "serverTime": "2026-11-23T04:00:00.000Z", "businessDay": "2026-11-23", "timeZone": "Asia/Shanghai" })
    );
    let days = told["businessDays"].as_array().unwrap();
    assert_eq!(
        (days.len(), &days[0]["day"], &days[39]["day"]),
        (40, &json!("2026-11-23"), &json!("2026-10-15"))
    );
    let (mut made, mut posted) = (Vec::new(), Vec::new());
    for day in days.iter().rev() {
        for total in day["totals"].as_array().unwrap() {
            made.push(Sum {
                day: text(&day["day"]),
                name: text(&total["item"]),
                coin_id: text(&total["coinId"]),
                count: total["awards"].as_i64().unwrap(),
                amount: text(&total["amount"]),
            });
        }
        for settlement in day["settlements"].as_array().unwrap() {
            for (name, count, amount) in [
                ("REVERSE", "reversed", "reversedAmount"),
                ("SETTLE", "settled", "settledAmount"),
            ] {
                posted.push(Sum {
                    day: text(&day["day"]),
                    name: name.to_owned(),
                    coin_id: text(&settlement["coinId"]),
                    count: settlement[count].as_i64().unwrap(),
                    amount: text(&settlement[amount]),
                });
            }
        }
    }
    posted.retain(|sum| sum.count > 0);
    let of_awards = sums(
        app.pool(),
        "select business_day::text as day, item as name, coin_id, count(*), sum(amount)::numeric(24,4)::text as amount
         from awards group by 1, 2, 3 order by 1, 2, 3",
    )
    .await;
    assert!(of_awards.len() > 60);
    assert_eq!(made, of_awards);
    let of_entries = sums(
        app.pool(),
        "select (posted_at at time zone 'Asia/Shanghai')::date::text as day, kind::text as name, coin_id, count(*),
                abs(sum(amount))::numeric(24,4)::text as amount
         from ledger_entries group by 1, 2, 3 order by 1, 3, 2",
    )
    .await;
    assert!(of_entries.iter().any(|sum| sum.name == "REVERSE"));
    assert_eq!(posted, of_entries);

    let sign_ins: Vec<(String, i64)> = sqlx::query_as(
        "select business_day::text, count(*) from awards where item = 'sign_in' group by 1 order by 1 desc",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    let told_sign_ins = days
        .iter()
        .map(|day| (text(&day["day"]), day["signIns"].as_i64().unwrap()));
    assert_eq!(
        told_sign_ins.filter(|(_, count)| *count > 0).collect::<Vec<_>>(),
        sign_ins
    );

    let closed: Vec<(String, i64)> =
        sqlx::query_as("select day::text, closed_by_run from business_days where state = 'CLOSED' order by day desc")
            .fetch_all(app.pool())
            .await
            .unwrap();
    let told_closed = days.iter().filter(|day| day["state"] == "CLOSED");
    let told_closed = told_closed.map(|day| (text(&day["day"]), text(&day["closedByRun"]).parse().unwrap()));
    assert_eq!(told_closed.collect::<Vec<(String, i64)>>(), closed);
    assert!(days[0]["closedAt"].is_null() && days[1]["closedAt"].is_string());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_tells_what_it_found() {
    let app = TestApp::start().await;
    app.database().books_may_be_wrong();
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    app.add_user(17).await;
    let audit = "mutation { runJob(job: \"audit_books\", reason: \"a test\") { queued } }";
    let ask = "{ bookAudits(first: 5) { runId businessDay endedAt checks unfinished violations
                   findings { check violations details error } } }";
    let none = app.admin(&key, ask, json!({})).await;
    assert_eq!(none["bookAudits"], json!([]));

    app.admin(&key, audit, json!({})).await;
    app.run_due_jobs().await;
    sqlx::query("insert into balances values (17, '1', 5, '2026-11-20Z')")
        .execute(app.pool())
        .await
        .unwrap();
    app.clock.advance(TimeDelta::seconds(1));
    app.admin(&key, audit, json!({})).await;
    app.run_due_jobs().await;

    let found = app.admin(&key, ask, json!({})).await;
    let [wrong, right] = &found["bookAudits"].as_array().unwrap()[..] else {
        panic!("{found}")
    };
    assert_eq!((&right["violations"], &right["findings"]), (&json!(0), &json!([])));
    assert_eq!(
        (&wrong["businessDay"], &wrong["violations"]),
        (&json!("2026-11-19"), &json!(1))
    );
    assert_eq!(
        wrong["findings"],
        json!([{ "check": "balance differs from the sum of its entries", "violations": 1, "error": null,
                 "details": ["user 17 coin 1: balance 5.0000, entries 0"] }])
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_young_service_has_open_days_and_a_list_has_bounds() {
    let app = TestApp::builder().zone("America/Santiago").start().await;
    let key = app.api_key("ops", &[Scope::OpsRead]).await;
    let ask = "query($first: Int!) { businessDays(first: $first) { day state signIns totals { item } settlements { coinId } } }";
    let two = app.admin(&key, ask, json!({ "first": 2 })).await;
    let empty = |day: &str| json!({ "day": day, "state": "OPEN", "signIns": 0, "totals": [], "settlements": [] });
    assert_eq!(two["businessDays"], json!([empty("2026-11-20"), empty("2026-11-19")]));
    let none = app.admin(&key, ask, json!({ "first": 0 })).await;
    assert_eq!(none["businessDays"], json!([]));
    for first in [-1, 101] {
        let (_, reply) = app.admin_reply(Some(&key), ask, json!({ "first": first })).await;
        assert_eq!(reply["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{reply}");
    }
    app.stop().await;
}
