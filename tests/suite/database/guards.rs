//! Guards of the database: no record is truncated.

use sqlx::AssertSqlSafe;

use crate::support::database::TestDatabase;

/// Tables that keep nothing but what may be lost, or whose rows come and go.
const MAY_BE_EMPTIED: [&str; 10] = [
    "_sqlx_migrations",
    "api_keys",
    "daily_counters",
    "invitation_binding_lock",
    "jobs",
    "processes",
    "session_requests",
    "sessions",
    "text_forms",
    "tries",
];

#[tokio::test]
async fn no_record_can_be_truncated() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "select c.relname::text,
                exists (
                    select 1 from pg_trigger t join pg_proc p on p.oid = t.tgfoid
                    where t.tgrelid = c.oid and p.proname = 'refuse_change'
                )
         from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
         order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    let mut emptied = Vec::new();
    for (table, never_changes) in tables {
        if MAY_BE_EMPTIED.contains(&table.as_str()) && !never_changes {
            continue;
        }
        let mut transaction = pool.begin().await.unwrap();
        let truncate = sqlx::query(AssertSqlSafe(format!("truncate {table} cascade")));
        if truncate.execute(&mut *transaction).await.is_ok() {
            emptied.push(table);
        }
        transaction.rollback().await.unwrap();
    }
    assert!(
        emptied.is_empty(),
        "add a trigger before truncate to {emptied:?}, or list what may be emptied"
    );
    pool.close().await;
}
