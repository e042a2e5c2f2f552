//! Guards of the database: with newbee's own role, no record is truncated and no schema changed.

use newbee::store::MIGRATOR;
use newbee::store::bounded::PgPool;
use newbee::store::pools::Pools;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::http_client;

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

/// The block of SQL in `deploy/README.md` that makes the roles, for roles and a database of this test's own.
fn roles_of_the_docs(owner: &str, app: &str, database: &str) -> String {
    let docs = include_str!("../../../deploy/README.md");
    let (_, rest) = docs.split_once("```sql\n-- Roles.").expect("the block of the roles");
    let (_, rest) = rest.split_once('\n').expect("a comment of one line");
    let (block, _) = rest.split_once("```").expect("its end");
    block
        .replace("newbee_owner", owner)
        .replace("newbee_app", app)
        .replace("database newbee", &format!("database {database}"))
}

async fn run_as(options: &PgConnectOptions, statements: &str) {
    let mut connection = options.connect().await.expect("the database");
    for statement in statements
        .split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
    {
        connection
            .execute(AssertSqlSafe(statement.to_owned()))
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn newbee_serves_with_the_rights_of_the_readme_and_cannot_change_the_schema() {
    let database = TestDatabase::create().await;
    let name = database.options.get_database().unwrap().to_owned();
    let (owner, app_role, own) = (format!("{name}_owner"), format!("{name}_app"), format!("{name}_own"));
    let administrator = database.options.clone();
    run_as(&administrator, &format!("create database {own}")).await;
    run_as(
        &administrator.clone().database(&own),
        &roles_of_the_docs(&owner, &app_role, &own),
    )
    .await;

    let as_owner = administrator.clone().database(&own).username(&owner).password("…");
    let mut connection = as_owner.connect().await.unwrap();
    MIGRATOR.run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    run_as(
        &as_owner,
        &format!("revoke insert, update, delete on _sqlx_migrations from {app_role}"),
    )
    .await;

    let as_app = administrator.clone().database(&own).username(&app_role).password("…");
    let app = TestApp::builder()
        .pools(Pools::connect_lazily(&as_app, 8))
        .start()
        .await;
    let user = app.add_user(1).await;
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    app.ask(&user, "{ me { name newbeeAwards { id } } }").await;
    app.run_due_jobs().await;
    app.clock.advance(chrono::TimeDelta::days(1));
    let runs = app.run_due_jobs().await;
    assert!(!runs.is_empty(), "jobs run");
    assert_eq!(
        http_client().get(app.url("/readyz")).send().await.unwrap().status(),
        200
    );

    refuses_to_change_the_schema(app.pool()).await;
    app.stop().await;
    let end = format!("drop database {own} with (force); drop role {owner}; drop role {app_role}");
    run_as(&administrator, &end).await;
}

async fn refuses_to_change_the_schema(pool: &PgPool) {
    for forbidden in [
        "alter table awards disable trigger user",
        "alter table awards add column extra text",
        "drop table audit_log",
        "drop trigger awards_are_kept on awards",
        "truncate sessions",
        "create table notes (id int)",
        "create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'",
        "set session_replication_role = replica",
        "delete from _sqlx_migrations",
        "grant all on awards to public",
    ] {
        let outcome = sqlx::raw_sql(forbidden).execute(pool).await;
        // `grant` by somebody without the right to is a warning that changes nothing.
        let changed = outcome.is_ok() && !forbidden.starts_with("grant");
        assert!(!changed, "the database took: {forbidden}");
    }
    let is_public: bool = sqlx::query_scalar(
        "select exists (select 1 from information_schema.table_privileges where table_name = 'awards' and grantee = 'PUBLIC')",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert!(!is_public);
}
