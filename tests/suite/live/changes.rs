//! The order of changes, below any endpoint: whatever commits when, nothing is lost, repeated or out of order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt;
use newbee::domain::award::{Award, ChangePosition};
use newbee::domain::id::{AwardId, UserId};
use newbee::live::{AwardChanges, Changes, SubscribeError, SubscriberLimits};
use newbee::store::bounded::{PgConnection, PgPool};
use tokio::task::{JoinHandle, JoinSet};

use crate::support::database::{TestDatabase, patient_pool};
use crate::support::{PATIENCE, wait_until};

struct Ground {
    database: TestDatabase,
    pool: PgPool,
    changes: AwardChanges,
}

impl Ground {
    async fn new(users: i64) -> Self {
        let database = TestDatabase::create().await;
        let pool = database.pool();
        sqlx::query("insert into users (user_id, created_at, updated_at) select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, $1) n")
            .bind(users)
            .execute(&pool)
            .await
            .unwrap();
        let changes = AwardChanges::start(database.pool(), SubscriberLimits::default());
        Self {
            database,
            pool,
            changes,
        }
    }

    async fn follow(&self, user: i64, after: Option<ChangePosition>) -> Changes {
        self.changes.subscribe(UserId(user), after).await.unwrap()
    }

    async fn end(self) {
        self.pool.close().await;
        drop(self.database);
    }
}

/// Makes an award as newbee does, with the next number of the user's feed, and returns its id.
async fn make(connection: &mut PgConnection, user: i64) -> i64 {
    sqlx::query_scalar(
        "with feed as (
             insert into award_feeds as f (user_id, last_change) values ($1, 1)
             on conflict (user_id) do update set last_change = f.last_change + 1 returning last_change
         ),
         made as (
             insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                                 settles_at, created_at, updated_at, changed_in)
             select $1, 'import', gen_random_uuid()::text, 'join_group', 'DAILY', 1, 10, '1', '2026-01-01', '2026-01-01Z',
                    '2026-01-01Z', '2026-01-01Z', last_change
             from feed returning award_id
         )
         select award_id from made, pg_notify('newbee_awards', '')",
    )
    .bind(user)
    .fetch_one(connection)
    .await
    .unwrap()
}

async fn next(changes: &mut Changes) -> Award {
    let next = tokio::time::timeout(PATIENCE, changes.next()).await;
    Award::clone(&next.expect("a change comes in time").expect("it goes on"))
}

/// Makes an award on a connection of its own; waits for an earlier transaction of the same user.
fn make_later(pool: &PgPool, user: i64) -> JoinHandle<i64> {
    let pool = pool.clone();
    tokio::spawn(async move { make(&mut pool.acquire().await.unwrap(), user).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_user_commit_in_the_order_of_their_numbers() {
    let ground = Ground::new(1).await;
    let mut following = ground.follow(1, None).await;
    let mut early = ground.pool.begin().await.unwrap();
    let first = make(&mut early, 1).await;
    let second = make_later(&ground.pool, 1);
    wait_until("the later change waits for the earlier one", async || {
        let waiting =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(&ground.pool)
            .await
            .unwrap()
            == 1
    })
    .await;
    assert!(!second.is_finished());
    early.commit().await.unwrap();
    let seen = [next(&mut following).await.id, next(&mut following).await.id];
    assert_eq!(seen, [AwardId(first), AwardId(second.await.unwrap())]);
    drop(following);
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_rolled_back_loses_no_change_and_sends_none() {
    let ground = Ground::new(1).await;
    let mut following = ground.follow(1, None).await;
    let mut early = ground.pool.begin().await.unwrap();
    make(&mut early, 1).await;
    let second = make_later(&ground.pool, 1);
    early.rollback().await.unwrap();
    assert_eq!(next(&mut following).await.id, AwardId(second.await.unwrap()));
    drop(following);
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_award_that_changes_is_found_behind_newer_ones() {
    let ground = Ground::new(1).await;
    let mut connection = ground.pool.acquire().await.unwrap();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(make(&mut connection, 1).await);
    }
    let mut following = ground.follow(1, None).await;
    for id in [made[0], made[3]] {
        sqlx::query(
            "with feed as (update award_feeds set last_change = last_change + 3 where user_id = 1 returning last_change)
             update awards set updated_at = updated_at + interval '1 second', changed_in = last_change from feed
             where award_id = $1",
        )
        .bind(id)
        .execute(&mut connection)
        .await
        .unwrap();
    }
    let newest = make(&mut connection, 1).await;
    let seen = [
        next(&mut following).await.id,
        next(&mut following).await.id,
        next(&mut following).await.id,
    ];
    assert_eq!(seen, [AwardId(made[0]), AwardId(made[3]), AwardId(newest)]);
    drop((following, connection));
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_lose_nothing() {
    const USERS: i64 = 5;
    const WRITERS: i64 = 12;
    const TURNS: i64 = 20;
    let ground = Ground::new(USERS).await;
    let mut followers = JoinSet::new();
    for user in 1..=USERS {
        let mut following = ground.follow(user, None).await;
        let changes = ground.changes.clone();
        followers.spawn(async move {
            let mut seen = BTreeMap::<AwardId, usize>::new();
            let mut position = ChangePosition::START;
            let expected = usize::try_from(WRITERS * TURNS / USERS).unwrap();
            while seen.len() < expected {
                let award = next(&mut following).await;
                assert!(award.position() > position, "in order");
                position = award.position();
                *seen.entry(award.id).or_default() += 1;
                // Now and then the connection breaks off and is taken up again.
                if seen.len().is_multiple_of(7) {
                    following = changes.subscribe(UserId(user), Some(position)).await.unwrap();
                }
            }
            assert!(seen.values().all(|times| *times == 1), "each once: {seen:?}");
            (user, seen.into_keys().collect::<BTreeSet<_>>())
        });
    }
    let pool = patient_pool(&ground.database.options, WRITERS as u32);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let pool = pool.clone();
        writers.spawn(async move {
            for turn in 0..TURNS {
                let mut transaction = pool.begin().await.unwrap();
                make(&mut transaction, 1 + (writer + turn) % USERS).await;
                // Some take their number early and commit late.
                tokio::time::sleep(Duration::from_millis(((writer * 7 + turn * 13) % 40) as u64)).await;
                transaction.commit().await.unwrap();
            }
        });
    }
    writers.join_all().await;
    for (user, seen) in followers.join_all().await {
        let kept: Vec<i64> = sqlx::query_scalar("select award_id from awards where user_id = $1")
            .bind(user)
            .fetch_all(&ground.pool)
            .await
            .unwrap();
        assert_eq!(seen, kept.into_iter().map(AwardId).collect());
    }
    pool.close().await;
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_is_waited_for_and_gets_all() {
    const AWARDS: i64 = 500;
    let ground = Ground::new(2).await;
    let mut slow = ground.follow(1, None).await;
    let mut quick = ground.follow(1, None).await;
    let mut connection = ground.pool.acquire().await.unwrap();
    for _ in 0..AWARDS {
        make(&mut connection, 1).await;
    }
    let mut seen = Vec::new();
    for _ in 0..AWARDS {
        seen.push(next(&mut quick).await.id);
    }
    let mut seen_slowly = Vec::new();
    for _ in 0..AWARDS {
        seen_slowly.push(next(&mut slow).await.id);
    }
    assert_eq!(seen, seen_slowly);
    drop((slow, quick, connection));
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_cluster_begins_at_the_start() {
    let ground = Ground::new(1).await;
    let made = make(&mut ground.pool.acquire().await.unwrap(), 1).await;
    let future = ChangePosition(i64::MAX - 1);
    let mut following = ground.follow(1, Some(future)).await;
    assert_eq!(next(&mut following).await.id, AwardId(made));
    drop(following);
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_bounds_and_places_come_free() {
    let ground = Ground::new(3).await;
    let limits = SubscriberLimits { per_user: 2, in_all: 3 };
    let changes = AwardChanges::start(ground.database.pool(), limits);
    let subscribe = async |user| changes.subscribe(UserId(user), None).await;
    let (one, other) = (subscribe(1).await.unwrap(), subscribe(1).await.unwrap());
    assert!(matches!(subscribe(1).await, Err(SubscribeError::TooManyOfUser(2))));
    let third = subscribe(2).await.unwrap();
    assert!(matches!(subscribe(3).await, Err(SubscribeError::TooMany)));
    drop(one);
    assert_eq!(changes.subscriptions(), 2);
    let again = subscribe(1).await.unwrap();
    drop((other, third, again));
    assert_eq!(changes.subscriptions(), 0);
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_or_listens_while_nobody_is_subscribed() {
    let ground = Ground::new(1).await;
    let about = async |what: &'static str| -> i64 {
        sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and query ilike $1 and query not like '%pg_stat_activity%'",
        )
        .bind(what)
        .fetch_one(&ground.pool)
        .await
        .unwrap()
    };
    make(&mut ground.pool.acquire().await.unwrap(), 1).await;
    assert_eq!(
        (about("listen%").await, about("%f.last_change > asked.change%").await),
        (0, 0)
    );
    let mut following = ground.follow(1, None).await;
    let id = make(&mut ground.pool.acquire().await.unwrap(), 1).await;
    // The one before may come, too, where some other transaction of the cluster was under way.
    while next(&mut following).await.id != AwardId(id) {}
    wait_until("one connection listens", async || about("listen%").await == 1).await;
    assert_eq!(about("%f.last_change > asked.change%").await, 1, "and one reads");
    drop(following);
    ground.end().await;
}
