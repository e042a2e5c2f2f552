//! Conditions that must alert at their first occurrence, and conditions that must not alert.

use chrono::{DateTime, Utc};
use newbee::store::figures::settlement_backlog;

use super::{Measured, value};
use crate::support::database::TestDatabase;
use crate::support::wait_until;

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_never_was_is_told_as_zero_and_a_run_of_a_dead_process_as_lost() {
    let database = TestDatabase::create().await;
    sqlx::raw_sql(
        "insert into jobs (job, scheduled_through, created_at) values ('expire_due', '2026-01-01Z', '2026-01-01Z');
         insert into job_runs (job, run_key, origin, scheduled_for, state, attempt, lease_owner, lease_token, lease_expires_at,
                               requested_by, created_at, started_at)
         values ('expire_due', 'manual:x', 'MANUAL', '2026-01-01Z', 'RUNNING', 1, 'gone:1', gen_random_uuid(), '2026-01-01Z',
                 'ann', '2026-01-01Z', '2026-01-01Z')",
    )
    .execute(&database.pool())
    .await
    .unwrap();
    let measured = Measured::start(&database, &[]).await;
    let text = measured.scrape().await;
    for line in [
        "newbee_job_missed_total{job=\"close_day\"}",
        "newbee_job_overlap_skipped_total{job=\"close_day\"}",
        "newbee_job_lease_lost_total{job=\"close_day\",seen_by=\"holder\"}",
        "newbee_job_lease_lost_total{job=\"close_day\",seen_by=\"successor\"}",
    ] {
        assert_eq!(value(&text, line), Some(0.0), "{line} in {text}");
    }
    let lost = "newbee_job_lease_lost_total{job=\"expire_due\",seen_by=\"successor\"}";
    wait_until("the lost lease is told", async || {
        measured.value(lost).await == Some(1.0)
    })
    .await;
    measured.program.terminate().await;
}

#[tokio::test]
async fn a_parked_award_is_no_delay_of_the_others() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let award = |key: &'static str, settles_at: &'static str, error: Option<&'static str>| {
        let pool = pool.clone();
        async move {
            sqlx::query(
                "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                                     settles_at, created_at, updated_at, settle_error)
                 values (1, 'import', $1, 'join_group', 'DAILY', 1, 10, '1', '2026-01-01', $2::timestamptz, '2026-01-01Z',
                         '2026-01-01Z', $3)",
            )
            .bind(key)
            .bind(settles_at)
            .bind(error)
            .execute(&pool)
            .await
            .unwrap();
        }
    };
    sqlx::query("insert into users (user_id, created_at, updated_at) values (1, '2026-01-01Z', '2026-01-01Z')")
        .execute(&pool)
        .await
        .unwrap();
    let now: DateTime<Utc> = "2026-11-20T04:00:00Z".parse().unwrap();
    award("parked", "2026-01-01T00:00:00Z", Some("out of range")).await;
    let backlog = settlement_backlog(&pool, now).await.unwrap();
    assert_eq!((backlog.due, backlog.oldest_due, backlog.parked), (0, None, 1));

    award("due", "2026-11-20T03:59:30Z", None).await;
    award("held", "2026-11-23T00:00:00Z", None).await;
    award("parked before its time", "2026-11-23T00:00:00Z", Some("out of range")).await;
    let backlog = settlement_backlog(&pool, now).await.unwrap();
    let due_since = "2026-11-20T03:59:30Z".parse().unwrap();
    assert_eq!(
        (backlog.due, backlog.oldest_due, backlog.parked),
        (1, Some(due_since), 2)
    );
}
