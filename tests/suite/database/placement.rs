//! Distribution over the nodes of Citus: each table has a place, and users are found in their shards.

use std::collections::BTreeSet;

use newbee::store::bounded::hash_of;
use newbee::store::citus::{PLACEMENT, Place};
use sqlx::Row;

use crate::support::citus;
use crate::support::database::TestDatabase;
use crate::support::program::run;

#[tokio::test]
async fn every_table_has_a_place() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let tables: BTreeSet<String> = sqlx::query_scalar::<_, String>(
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           and c.relname <> 'citus_tables'",
    )
    .fetch_all(&pool)
    .await
    .unwrap()
    .into_iter()
    .collect();
    let listed: BTreeSet<String> = PLACEMENT.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert_eq!(listed.len(), PLACEMENT.len(), "a table is listed twice");
    assert_eq!(tables, listed, "place new tables (src/store/citus/placement.rs)");
    pool.close().await;
}

#[tokio::test]
async fn tables_of_users_are_distributed_by_ids_that_begin_every_key() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    for (table, place) in PLACEMENT {
        let Place::ByUser(column) = place else { continue };
        let keys: Vec<String> = sqlx::query_scalar(
            "select i.indexrelid::regclass::text from pg_index i
             where i.indrelid = $1::text::regclass and i.indisunique and not exists (
                 select 1 from pg_attribute a
                 where a.attrelid = i.indrelid and a.attnum = any (i.indkey) and a.attname = $2)",
        )
        .bind(table)
        .bind(column)
        .fetch_all(&pool)
        .await
        .unwrap();
        assert!(
            keys.is_empty(),
            "{table}: Citus refuses unique keys without {column}: {keys:?}"
        );
    }
    pool.close().await;
}

#[tokio::test]
async fn the_hash_of_a_user_is_that_of_postgres() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let rows = sqlx::query(
        "select id, hashint8(id) as hash from (
             select generate_series(0, 200) union all select (1::bigint << g) + s from generate_series(0, 62) g, (values (0), (1)) v (s)
             union all values (9223372036854775807), (-1), (-9223372036854775808)) ids (id)",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(rows.len() > 300);
    for row in rows {
        let id: i64 = row.get("id");
        assert_eq!(hash_of(id), row.get::<i32, _>("hash"), "{id}");
    }
    pool.close().await;
}

#[tokio::test]
async fn without_citus_nothing_is_distributed_and_the_message_says_what_is_missing() {
    if citus::url().is_some() {
        return;
    }

    let database = TestDatabase::create().await;
    let (code, said, error) = run(&database, &["distribute"]).await;
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(error.contains("create extension citus"), "{error}");
    let (code, said, error) = run(&database, &["distribute", "--dry-run"]).await;
    assert_eq!(code, Some(0), "{error}");
    assert!(
        said.contains("Not possible here") && said.contains("shards by user_id"),
        "{said}"
    );
    let (code, _, error) = run(&database, &["distribute", "--shards", "0"]).await;
    assert_eq!(code, Some(2), "{error}");
}

#[tokio::test]
async fn distributing_again_changes_nothing() {
    if citus::url().is_none() {
        println!("skipped: NEWBEE_TEST_CITUS_URL is not set");
        return;
    }
    let database = TestDatabase::create().await;
    let (code, said, error) = run(&database, &["distribute"]).await;
    assert_eq!(code, Some(0), "{error}");
    assert!(said.contains("The database is distributed, with 8 shards."), "{said}");
}
