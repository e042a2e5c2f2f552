//! Due times across clock changes, and catch-up policies after downtime.

use super::*;

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule::parse(cron, zone.parse().expect("a zone of the database")).expect("a schedule")
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn due_between(schedule: &Schedule, from: &str, to: &str) -> Vec<String> {
    let until = utc(to);
    schedule
        .after(utc(from))
        .take_while(|due| *due <= until)
        .map(|due| due.to_utc().to_rfc3339())
        .collect()
}

#[test]
fn five_past_midnight_is_kept_when_london_changes_its_clocks() {
    let london = schedule("0 5 0 * * *", "Europe/London");
    assert_eq!(
        due_between(&london, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        ["2026-03-29T00:05:00+00:00", "2026-03-29T23:05:00+00:00"]
    );
    assert_eq!(
        due_between(&london, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
        ["2026-10-24T23:05:00+00:00", "2026-10-26T00:05:00+00:00"]
    );
}

#[test]
fn a_time_skipped_by_a_clock_change_is_due_once_right_after_it() {
    let london = schedule("0 30 1 * * *", "Europe/London");
    assert_eq!(
        due_between(&london, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        ["2026-03-29T01:00:00+00:00", "2026-03-30T00:30:00+00:00"]
    );
}

#[test]
fn a_gap_of_hours_or_a_day_does_not_end_the_schedule() {
    // Casey went from 02:00 to 05:00 on 18 October 2009, Apia from 29 to 31 December 2011.
    let casey = schedule("0 30 2 * * *", "Antarctica/Casey");
    assert_eq!(
        due_between(&casey, "2009-10-17T00:00:00Z", "2009-10-18T23:00:00Z"),
        ["2009-10-17T18:00:00+00:00", "2009-10-18T15:30:00+00:00"]
    );
    let apia = schedule("0 5 0 * * *", "Pacific/Apia");
    assert_eq!(
        due_between(&apia, "2011-12-29T00:00:00Z", "2011-12-31T12:00:00Z"),
        [
            "2011-12-29T10:05:00+00:00",
            "2011-12-30T10:05:00+00:00",
            "2011-12-31T10:05:00+00:00"
        ]
    );
}

#[test]
fn a_fixed_time_in_a_repeated_hour_is_due_once_and_every_minute_of_it_twice() {
    let once = schedule("0 30 1 * * *", "Europe/London");
    assert_eq!(
        due_between(&once, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        ["2026-10-25T00:30:00+00:00"]
    );
    let minutes = schedule("0 * * * * *", "Europe/London");
    let due: Vec<_> = minutes
        .after(utc("2026-10-24T23:59:30Z"))
        .take_while(|due| *due < utc("2026-10-25T02:00:00Z"))
        .collect();
    assert_eq!(due.len(), 120);
    let mut keys: Vec<_> = due.iter().map(|due| minutes.run_key(due)).collect();
    assert_eq!(keys[30], "schedule:2026-10-25T01:30+01:00@Europe/London");
    assert_eq!(keys[90], "schedule:2026-10-25T01:30+00:00@Europe/London");
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 120, "no two due times share a key");
}

#[test]
fn shanghai_keeps_its_old_summer_time() {
    let shanghai = schedule("0 5 0 * * *", "Asia/Shanghai");
    // On 4 May 1986 at 02:00 the clocks were advanced by an hour.
    assert_eq!(
        due_between(&shanghai, "1986-05-03T15:00:00Z", "1986-05-04T16:00:00Z"),
        ["1986-05-03T16:05:00+00:00", "1986-05-04T15:05:00+00:00"]
    );
    let due = shanghai.after(utc("2026-11-21T12:00:00Z")).next().unwrap();
    assert_eq!(due.to_utc(), utc("2026-11-21T16:05:00Z"));
    assert_eq!(shanghai.run_key(&due), "schedule:2026-11-22T00:05@Asia/Shanghai");
}

#[test]
fn fractions_of_a_second_do_not_leak_into_due_times() {
    let minutes = schedule("0 * * * * *", "Asia/Shanghai");
    let due = minutes.after(utc("2026-11-22T03:00:00.5Z")).next().unwrap();
    assert_eq!(due.to_utc(), utc("2026-11-22T03:01:00Z"));
    let after_due = minutes.after(utc("2026-11-22T03:00:59.999Z")).next().unwrap();
    assert_eq!(after_due.to_utc(), utc("2026-11-22T03:01:00Z"));
}

#[test]
fn each_policy_decides_about_three_missed_days() {
    let daily = schedule("0 5 0 * * *", "Asia/Shanghai");
    let (through, now) = (utc("2026-11-18T16:05:00Z"), utc("2026-11-22T00:00:00Z"));
    let decide = |catch_up, window| plan(&daily, catch_up, window, through, now).unwrap();
    let month = TimeDelta::days(30);

    let all = decide(CatchUp::All, month);
    assert_eq!((all.runs.len(), all.skipped.len()), (3, 0));

    let latest = decide(CatchUp::Latest, month);
    assert_eq!(latest.runs, [utc("2026-11-21T16:05:00Z")]);
    assert_eq!(latest.skipped[0].count, 2);

    let skip = decide(CatchUp::Skip, month);
    assert_eq!((skip.runs.len(), skip.skipped[0].count), (0, 3));

    let short = decide(CatchUp::All, TimeDelta::days(1));
    assert_eq!(short.runs, [utc("2026-11-21T16:05:00Z")]);
    assert_eq!(
        short.skipped[0].reason(),
        "2 due times from 2026-11-20 00:05:00 to 2026-11-21 00:05:00 CST were skipped: older than catch_up_window"
    );
    assert_eq!(plan(&daily, CatchUp::All, month, now, now), None);
}

#[test]
fn a_punctual_due_time_is_run_under_every_policy() {
    let daily = schedule("0 5 0 * * *", "Asia/Shanghai");
    for catch_up in [CatchUp::All, CatchUp::Latest, CatchUp::Skip] {
        let now = utc("2026-11-21T16:05:02Z");
        let plan = plan(&daily, catch_up, TimeDelta::hours(1), utc("2026-11-20T16:05:00Z"), now).unwrap();
        assert_eq!(plan.runs, [utc("2026-11-21T16:05:00Z")]);
        assert!(plan.skipped.is_empty());
    }
}

#[test]
fn a_year_of_missed_seconds_stays_bounded() {
    let seconds = schedule("* * * * * *", "UTC");
    let now = utc("2026-11-22T00:00:00Z");
    let plan = plan(
        &seconds,
        CatchUp::All,
        TimeDelta::minutes(10),
        now - TimeDelta::days(365),
        now,
    )
    .unwrap();
    assert_eq!(plan.runs.len(), 601, "both ends of the window");
    assert_eq!(plan.skipped.len(), 1);
    assert_eq!(plan.skipped[0].count, MAX_AT_ONCE);
}

#[test]
fn invalid_schedules_are_rejected() {
    for text in ["0 0 * * *", "0 61 0 * * *", "never", "0 0 0 30 2 *"] {
        assert!(Schedule::parse(text, Tz::UTC).is_err(), "{text}");
    }
}
