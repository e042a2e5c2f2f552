//! The order of the log, below the API: whatever commits when, nothing is lost, repeated or out of its user's order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use newbee::domain::host_event::{EventId, HostEvent};
use newbee::service::host_feed::{self, PageAsk};
use newbee::store::bounded::{PgConnection, PgPool};
use tokio::task::JoinSet;

use crate::support::app::{NOON, instant};
use crate::support::database::TestDatabase;
use crate::support::wait_until;

fn now() -> DateTime<Utc> {
    instant(NOON)
}

/// A database whose feed is in use, with users who have no awards.
async fn ground(users: i64) -> (TestDatabase, PgPool) {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    sqlx::query("insert into users (user_id, created_at, updated_at) select n, $2, $2 from generate_series(1, $1) n")
        .bind(users)
        .bind(now())
        .execute(&pool)
        .await
        .unwrap();
    host_feed::begin(&pool, now()).await.unwrap();
    (database, pool)
}

/// Makes an award as newbee does, with the next number of the user's feed, and returns its ID.
async fn make(connection: &mut PgConnection, user: i64) -> i64 {
    sqlx::query_scalar(
        "with feed as (
             insert into award_feeds as f (user_id, last_change) values ($1, 1)
             on conflict (user_id) do update set last_change = f.last_change + 1 returning last_change
         )
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                             settles_at, created_at, updated_at, changed_in)
         select $1, 'set_fomo_id', gen_random_uuid()::text, 'set_fomo_id', 'NEWBEE', 1, 10, '1', '2026-11-20', $2, $2, $2,
                last_change
         from feed returning award_id",
    )
    .bind(user)
    .bind(now())
    .fetch_one(connection)
    .await
    .unwrap()
}

/// Events after a position, each page preceded by copying.
async fn read_after(pool: &PgPool, after: EventId) -> Vec<HostEvent> {
    let ask = PageAsk {
        after: Some(after),
        kinds: None,
        limit: 1_000,
    };
    host_feed::page(pool, &ask, now()).await.unwrap().events
}

fn awards(events: &[HostEvent]) -> Vec<i64> {
    events.iter().map(|event| event.award.as_ref().unwrap().id.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_after_a_later_one_of_another_user_is_found() {
    let (database, pool) = ground(2).await;
    let mut slow = pool.begin().await.unwrap();
    let first = make(&mut slow, 1).await;
    let second = make(&mut pool.acquire().await.unwrap(), 2).await;
    assert!(first < second);
    let seen = read_after(&pool, EventId(0)).await;
    assert_eq!(awards(&seen), [second]);
    slow.commit().await.unwrap();
    let later = read_after(&pool, seen[0].id).await;
    assert_eq!(
        awards(&later),
        [first],
        "a reader who has seen the later award gets the earlier one"
    );
    pool.close().await;
    drop(database);
}

/// The bounds of what is new only make changes visible sooner.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_long_after_others_is_found_by_the_sweep() {
    let (database, pool) = ground(2).await;
    let mut slow = pool.begin().await.unwrap();
    let first = make(&mut slow, 1).await;
    sqlx::query("select setval('award_ids', 1000000)")
        .execute(&pool)
        .await
        .unwrap();
    let second = make(&mut pool.acquire().await.unwrap(), 2).await;
    let seen = read_after(&pool, EventId(0)).await;
    assert_eq!(awards(&seen), [second]);
    let recent: i64 = sqlx::query_scalar("select recent_award from host_feed")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(recent > first, "it is not among the new ones");
    slow.commit().await.unwrap();
    assert_eq!(awards(&read_after(&pool, seen[0].id).await), [first]);
    pool.close().await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_step_is_in_progress_others_do_nothing() {
    let (database, pool) = ground(1).await;
    make(&mut pool.acquire().await.unwrap(), 1).await;
    let mut step = pool.begin().await.unwrap();
    sqlx::query("select from host_feed for update")
        .fetch_all(&mut *step)
        .await
        .unwrap();
    let other = host_feed::step(&pool, now()).await.unwrap();
    assert_eq!(other, host_feed::Step::default());
    step.rollback().await.unwrap();
    assert_eq!(host_feed::step(&pool, now()).await.unwrap().copied, 1);
    pool.close().await;
    drop(database);
}

/// Writers whose transactions end in any order, steps in several processes that are aborted anywhere, and a reader who
/// only goes forward.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_repeated_among_writers_and_aborted_steps() {
    const USERS: i64 = 40;
    const EACH: usize = 15;
    let (database, pool) = ground(USERS).await;
    let pools: Vec<PgPool> = (0..3).map(|_| database.pool()).collect();
    let mut writers = JoinSet::new();
    for writer in 0..8_i64 {
        let pool = pools[0].clone();
        writers.spawn(async move {
            let mut made = Vec::new();
            for round in 0..EACH as i64 {
                let user = (writer * 7 + round * 3) % USERS + 1;
                let mut transaction = pool.begin().await.unwrap();
                let id = make(&mut transaction, user).await;
                // Longer or shorter than those of the other writers.
                sqlx::query("select pg_sleep($1)")
                    .bind(0.003 * ((writer + round) % 5) as f64)
                    .execute(&mut *transaction)
                    .await
                    .unwrap();
                match (writer + round) % 6 {
                    0 => transaction.rollback().await.unwrap(),
                    _ => {
                        transaction.commit().await.unwrap();
                        made.push((user, id));
                    }
                }
            }
            made
        });
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let mut steps = JoinSet::new();
    for process in 1..3_u64 {
        let (pool, is_over) = (pools[process as usize].clone(), Arc::clone(&is_over));
        steps.spawn(async move {
            let mut round = process;
            while !is_over.load(Ordering::Relaxed) {
                round += 1;
                let limit = Duration::from_millis(1 + round % 9);
                // An aborted step is rolled back.
                let _ = tokio::time::timeout(limit, host_feed::step(&pool, now())).await;
            }
        });
    }
    let reader = tokio::spawn({
        let (pool, is_over) = (pool.clone(), Arc::clone(&is_over));
        async move {
            let mut seen: Vec<HostEvent> = Vec::new();
            loop {
                let was_over = is_over.load(Ordering::Relaxed);
                let after = seen.last().map_or(EventId(0), |last| last.id);
                let page = read_after(&pool, after).await;
                if was_over && page.is_empty() {
                    return seen;
                }
                seen.extend(page);
            }
        }
    });
    let mut made = Vec::new();
    while let Some(of_one) = writers.join_next().await {
        made.extend(of_one.unwrap());
    }
    wait_until("all are copied", async || {
        let copied: i64 = sqlx::query_scalar("select count(*) from host_events")
            .fetch_one(&pool)
            .await
            .unwrap();
        copied == made.len() as i64
    })
    .await;
    is_over.store(true, Ordering::Relaxed);
    while let Some(step) = steps.join_next().await {
        step.unwrap();
    }
    let seen = reader.await.unwrap();
    let found = awards(&seen);
    assert_eq!(found.len(), made.len(), "none twice");
    assert_eq!(
        found.iter().copied().collect::<BTreeSet<_>>(),
        made.iter().map(|(_, id)| *id).collect()
    );
    let mut of_user: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for event in &seen {
        let id = event.award.as_ref().unwrap().id.0;
        of_user.entry(event.user_id.unwrap().0).or_default().push(id);
    }
    for (user, ids) in of_user {
        assert!(ids.is_sorted(), "user {user}: {ids:?}");
    }
    for pool in pools {
        pool.close().await;
    }
    pool.close().await;
    drop(database);
}
