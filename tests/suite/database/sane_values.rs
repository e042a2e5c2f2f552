//! Values that no table may hold. The columns are read from the catalog, so none is left out.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection};

use crate::support::database::TestDatabase;

/// A column of a table, with its type.
#[derive(sqlx::FromRow)]
struct Column {
    table_name: String,
    column_name: String,
    type_name: String,
}

/// Values that a column must refuse; empty when any value of its type will do.
fn forbidden(column: &Column) -> &'static [&'static str] {
    match (column.type_name.as_str(), column.column_name.as_str()) {
        ("numeric", _) => &["NaN"],
        ("date", _) => &[
            "infinity",
            "-infinity",
            "300000-01-01",
            "10000-01-01",
            "1899-12-31",
            "0044-03-15 BC",
        ],
        ("timestamp with time zone", _) => &[
            "infinity",
            "-infinity",
            "200000-01-01Z",
            "10000-01-01Z",
            "1899-12-31Z",
            "0044-03-15Z BC",
        ],
        ("interval", _) => &["1000 years", "-1000 years"],
        ("bigint", "award_id") => &["0", "-5", "9007199254740992", "9223372036854775807"],
        ("bigint", name) if name.ends_with("_id") => &["0", "-5"],
        _ => &[],
    }
}

async fn columns(connection: &mut PgConnection) -> Vec<Column> {
    sqlx::query_as(
        "select c.relname as table_name, a.attname as column_name, format_type(a.atttypid, null) as type_name
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
         order by 1, a.attnum",
    )
    .fetch_all(connection)
    .await
    .expect("the catalog can be read")
}

/// Makes a table with the columns of another one, and those of its constraints that look at one column alone: what it refuses is
/// refused because of that column.
async fn make_probe(connection: &mut PgConnection, table: &str) {
    let probe = format!(
        "drop table if exists pg_temp.probe;
         create temp table probe (like public.{table});
         do $$ declare c record; begin
             for c in select attname from pg_attribute where attrelid = 'pg_temp.probe'::regclass and attnum > 0 and attnotnull loop
                 execute format('alter table pg_temp.probe alter column %I drop not null', c.attname);
             end loop;
             for c in select conname, pg_get_constraintdef(oid) as definition from pg_constraint
                      where conrelid = 'public.{table}'::regclass and contype = 'c' and cardinality(conkey) = 1 loop
                 execute format('alter table pg_temp.probe add constraint %I %s', c.conname, c.definition);
             end loop;
         end $$"
    );
    connection
        .execute(AssertSqlSafe(probe))
        .await
        .expect("a probe of the table");
}

#[tokio::test]
async fn no_column_takes_what_is_no_value() {
    let database = TestDatabase::create().await;
    let mut connection = database.options.connect().await.unwrap();
    let mut taken = Vec::new();
    let mut tried = BTreeMap::<&str, u32>::new();
    let columns = columns(&mut connection).await;
    let mut table = "";
    for column in columns.iter().filter(|column| !forbidden(column).is_empty()) {
        if table != column.table_name {
            table = &column.table_name;
            make_probe(&mut connection, table).await;
        }
        for value in forbidden(column) {
            *tried.entry(&column.type_name).or_default() += 1;
            let insert = format!(
                "insert into pg_temp.probe (\"{}\") values ('{value}')",
                column.column_name
            );
            let Err(error) = connection.execute(AssertSqlSafe(insert)).await else {
                taken.push(format!("{}.{} {value}", column.table_name, column.column_name));
                continue;
            };
            let code = error
                .as_database_error()
                .and_then(|error| error.code())
                .unwrap_or_default();
            // A check, or a value beyond the type.
            assert!(
                ["23514", "22008", "22003"].contains(&&*code),
                "{insert_of}: {error}",
                insert_of = column.column_name
            );
        }
    }
    assert!(
        taken.is_empty(),
        "taken by the database; add a constraint to the migration: {taken:#?}"
    );
    for (type_name, at_least) in [
        ("numeric", 10),
        ("date", 20),
        ("timestamp with time zone", 100),
        ("bigint", 20),
    ] {
        assert!(tried[type_name] >= at_least, "{tried:?}");
    }
}

/// A database from before the constraints, with a row that they refuse, is not migrated, and the message names the row.
#[tokio::test]
async fn a_database_with_such_rows_is_refused_with_the_statement_that_finds_them() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let back = "
        do $$ declare c record; begin
            for c in select conrelid::regclass as t, conname from pg_constraint where conname like '%\\_is\\_sane' loop
                execute format('alter table %s drop constraint %I', c.t, c.conname);
            end loop;
        end $$;
        insert into balances (user_id, coin_id, settled, updated_at) values (0, '1', 'NaN', '2026-01-01Z')";
    // Not a user's, so without the foreign key; the books of this test need not balance.
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("set local session_replication_role = replica")
        .await
        .unwrap();
    transaction.execute(back).await.unwrap();
    let refused = transaction.execute("select require_sane_values()").await.unwrap_err();
    let error = refused.as_database_error().unwrap();
    assert!(error.message().contains("table balances holds values"), "{error}");
    let error = error.downcast_ref::<sqlx::postgres::PgDatabaseError>();
    let hint = error.hint().unwrap();
    assert!(
        hint.starts_with("select * from balances where not (") && hint.contains("settled <"),
        "{hint}"
    );
    transaction.rollback().await.unwrap();
    pool.close().await;
}
