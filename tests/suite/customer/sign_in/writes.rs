//! Size and b-tree inserts of a sign-in in the write-ahead log.

use chrono::TimeDelta;
use chrono_tz::Asia::Shanghai;
use futures_util::future::join_all;
use newbee::batcher::BatcherLimits;
use newbee::domain::business_day::Calendar;
use newbee::domain::id::UserId;
use newbee::service::sign_in_today::SignIns;
use sqlx::AssertSqlSafe;

use crate::support::app::instant;
use crate::support::own_postgres::OwnPostgres;

const USERS: i64 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_writes_three_b_trees_and_at_most_two_thousand_bytes() {
    let postgres = OwnPostgres::start().await;
    let pool = postgres.pool();
    let run = async |sql: &str| {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&pool)
            .await
            .unwrap();
    };
    run("alter system set autovacuum = off").await;
    run("select pg_reload_conf()").await;
    run("create extension pg_walinspect").await;
    run(&format!(
        "insert into users (user_id, created_at, updated_at) select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, {USERS}) n"
    ))
    .await;
    let calendar = Calendar::new(Shanghai);
    let sign_ins = SignIns::start(postgres.pool(), calendar, BatcherLimits::default());
    let mut at = instant("2026-11-20T04:00:00Z");
    // Both days are beyond the first one of each user, which also creates the feed.
    for day in 0..3 {
        run("checkpoint").await;
        let begin: String = sqlx::query_scalar("select pg_current_wal_insert_lsn()::text")
            .fetch_one(&pool)
            .await
            .unwrap();
        let users: Vec<i64> = (0..USERS).map(|n| 1 + n * 7_919 % USERS).collect();
        let signing_in = users
            .iter()
            .map(|user| sign_ins.sign_in(UserId(*user), calendar.moment(at)));
        for outcome in join_all(signing_in).await {
            outcome.unwrap();
        }
        let (inserts, bytes): (i64, i64) = sqlx::query_as(
            "select count(*) filter (where resource_manager = 'Btree' and record_type ~ '^(INSERT_LEAF|SPLIT_)'
                                       and exists (select 1 from pg_index i join pg_class c on c.oid = i.indexrelid
                                                   where i.indrelid = 'awards'::regclass
                                                     and block_ref like '%/' || c.relfilenode || ' %')),
                    pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::bigint
             from pg_get_wal_records_info($1::pg_lsn, pg_current_wal_flush_lsn())",
        )
        .bind(&begin)
        .fetch_one(&pool)
        .await
        .unwrap();
        if day > 0 {
            // Inner pages split now and then.
            assert!(
                (3 * USERS..=3 * USERS + 50).contains(&inserts),
                "{inserts} inserts into the b-trees of awards for {USERS} sign-ins"
            );
            assert!(bytes <= 2_000 * USERS, "{bytes} bytes for {USERS} sign-ins");
        }
        at += TimeDelta::days(1);
    }
    pool.close().await;
    postgres.stop().await;
}
