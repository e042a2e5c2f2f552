//! Sixteen years of due times and business days in twenty zones, with Postgres's own zone data as the second opinion.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use newbee::domain::business_day::Calendar;
use newbee::scheduler::due_times::Schedule;
use newbee::store::bounded::PgPool;

use crate::support::database::TestDatabase;

/// With days without a midnight, offsets of quarters of an hour, changes of half an hour and of two, and a day that never was.
const ZONES: [&str; 20] = [
    "Asia/Shanghai",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/St_Johns",
    "America/Caracas",
    "America/Asuncion",
    "Asia/Beirut",
    "Asia/Tehran",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Gaza",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "Antarctica/Casey",
];

/// Local times at which clocks are changed somewhere, and one at which they never are.
const TIMES: [(&str, &str); 3] = [
    ("0 5 0 * * *", "00:05"),
    ("0 30 2 * * *", "02:30"),
    ("0 0 12 * * *", "12:00"),
];

const FIRST_YEAR: i32 = 2006;

const YEARS: i32 = 16;

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).expect("a day")
}

fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(FIRST_YEAR + YEARS, 1, 1).expect("a day")
}

/// The day that Samoa left out when it crossed the date line: nothing is due on it, and it never begins.
fn day_left_out() -> NaiveDate {
    NaiveDate::from_ymd_opt(2011, 12, 30).expect("a day")
}

/// Postgres's conversion of a local time on each day: the instant, and the local time at that instant.
async fn by_postgres(pool: &PgPool, zone: &str, time: NaiveTime) -> Vec<(NaiveDate, DateTime<Utc>, NaiveDateTime)> {
    sqlx::query_as(
        "select day::date, (day + $2) at time zone $1, ((day + $2) at time zone $1) at time zone $1
         from generate_series($3::date::timestamp, $4::date::timestamp - interval '1 day', interval '1 day') day order by day",
    )
    .bind(zone)
    .bind(time)
    .bind(first_day())
    .bind(last_day())
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Local times at instants, by Postgres.
async fn local(pool: &PgPool, zone: &str, instants: &[DateTime<Utc>]) -> Vec<NaiveDateTime> {
    sqlx::query_scalar(
        "select instant at time zone $1 from unnest($2::timestamptz[]) with ordinality as i (instant, n) order by n",
    )
    .bind(zone)
    .bind(instants)
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_schedule_keeps_its_local_time_on_every_day() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let (mut gaps, mut repeats) = (0, 0);
    for zone in ZONES {
        let tz: Tz = zone.parse().unwrap();
        for (cron, time) in TIMES {
            let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
            let expected = by_postgres(&pool, zone, time).await;
            let schedule = Schedule::parse(cron, tz).unwrap();
            let before = expected[0].1 - TimeDelta::hours(12);
            let until = expected[expected.len() - 1].1 + TimeDelta::hours(12);
            let due: Vec<DateTime<Utc>> = schedule
                .after(before)
                .map(|due| due.to_utc())
                .take_while(|due| *due < until)
                .collect();
            let shown = local(&pool, zone, &due).await;
            let just_before: Vec<_> = due.iter().map(|due| *due - TimeDelta::seconds(1)).collect();
            let shown_before = local(&pool, zone, &just_before).await;
            let an_hour_before: Vec<_> = due.iter().map(|due| *due - TimeDelta::hours(3)).collect();
            assert!(
                an_hour_before.windows(2).all(|pair| pair[0] < pair[1]),
                "{zone} {cron}: in order"
            );

            let mut found = due.iter().zip(&shown).zip(&shown_before).peekable();
            for (day, instant, round_trip) in &expected {
                if (zone, *day) == ("Pacific/Apia", day_left_out()) {
                    continue;
                }
                let wanted = day.and_time(time);
                let ((due, shown), before) = found
                    .next()
                    .unwrap_or_else(|| panic!("{zone} {cron}: nothing is due on {day}"));
                if *round_trip == wanted {
                    assert_eq!(*shown, wanted, "{zone} {cron}: due at its local time on {day}");
                    if due != instant {
                        // The clocks show this time twice; the first is due, Postgres names the second.
                        assert!(
                            *due < *instant && *instant - *due <= TimeDelta::hours(3),
                            "{zone} {cron} on {day}"
                        );
                        repeats += 1;
                    }
                } else {
                    // The clocks jump over this time: due right after the jump.
                    assert!(
                        *before < wanted && *shown > wanted,
                        "{zone} {cron}: {day} {before} {shown}"
                    );
                    gaps += 1;
                }
            }
            assert_eq!(found.next(), None, "{zone} {cron}: a day has one due time");
        }
    }
    assert!(
        gaps > 50 && repeats > 50,
        "changes of the clocks were met: {gaps} gaps, {repeats} repeats"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn business_days_are_those_of_the_clocks_on_the_wall() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    for zone in ZONES {
        let calendar = Calendar::new(zone.parse().unwrap());
        let start = calendar.day_starts_at(first_day());
        // Every seven hours: each hour of the day, and each side of each change, comes up in its turn.
        let instants: Vec<_> = (0..i64::from(YEARS) * 366 * 24 / 7)
            .map(|n| start + TimeDelta::hours(7 * n))
            .collect();
        let shown = local(&pool, zone, &instants).await;
        for (instant, shown) in instants.iter().zip(&shown) {
            assert_eq!(calendar.day_of(*instant), shown.date(), "{zone} at {instant}");
        }
        // Each day begins where the wall's date changes, also where its midnight is missing or comes twice.
        let days: Vec<NaiveDate> = first_day().iter_days().take_while(|day| *day < last_day()).collect();
        let starts: Vec<_> = days.iter().map(|day| calendar.day_starts_at(*day)).collect();
        let just_before: Vec<_> = starts.iter().map(|start| *start - TimeDelta::seconds(1)).collect();
        let (at, before) = (
            local(&pool, zone, &starts).await,
            local(&pool, zone, &just_before).await,
        );
        for ((day, at), before) in days.iter().zip(at).zip(before) {
            if at.date() != *day {
                // The day that Samoa left out when it crossed the date line.
                assert_eq!(
                    (zone, *day),
                    ("Pacific/Apia", NaiveDate::from_ymd_opt(2011, 12, 30).unwrap())
                );
                continue;
            }
            assert!(
                before.date() < *day,
                "{zone}: {day} begins at its first instant, not after {before}"
            );
        }
    }
}
