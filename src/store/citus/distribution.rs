//! Distributing the tables: one transaction per table, so that an interrupted command continues where it stopped.

use sqlx::{AssertSqlSafe, Row, raw_sql};

use super::placement::{FUNCTIONS_OF_SHARDS, PLACEMENT, Place, REPLACED_TRIGGERS, TRIGGER_FUNCTIONS};
use crate::store::bounded::PgConnection;

/// Newbee cannot be distributed on a server.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    #[error(
        "This database does not have the extension citus. Install Citus on all nodes, create the extension in this database on \
         each of them (create extension citus), and add the nodes on the coordinator (citus_set_coordinator_host, citus_add_node)"
    )]
    NoExtension,
    #[error(
        "The coordinator does not know its own address, so it cannot hold reference tables. Run there: \
         select citus_set_coordinator_host('db1.example')"
    )]
    NoCoordinator,
    #[error("The coordinator knows no worker. Run there for each: select citus_add_node('db2.example', 5432)")]
    NoWorkers,
    #[error(
        "max_prepared_transactions is 0 on the coordinator, so changes on two nodes cannot be committed together. Set it to at \
         least max_connections on all nodes, and restart them"
    )]
    NoTwoPhaseCommit,
    #[error("{0} newbee processes use the database. Stop them, wait 30 seconds, and run the command again")]
    InUse(i64),
    #[error(
        "The feed of changes for the host application is in use, and is not yet possible in a distributed database. See \
         deploy/scale.md"
    )]
    FeedInUse,
    #[error("Table {0} has no place among several nodes yet. See deploy/scale.md")]
    UnknownTable(String),
    #[error("The trigger {trigger} of {table} is not known to work on several nodes. See deploy/scale.md")]
    UnknownTrigger { table: String, trigger: String },
    #[error("Another newbee distribute is running")]
    Concurrent,
    #[error("Table {table} is distributed in another way: {found}. Undo that first (undistribute_table)")]
    Elsewhere { table: String, found: String },
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl DistributionError {
    /// Returns true if the server lacks what a distribution needs.
    pub fn is_of_server(&self) -> bool {
        matches!(
            self,
            Self::NoExtension | Self::NoCoordinator | Self::NoWorkers | Self::NoTwoPhaseCommit
        )
    }
}

/// Step of a distribution: one table and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub table: &'static str,
    pub place: Place,
    /// True if the table is at its place already.
    pub is_done: bool,
}

/// State of a database, and the steps to distribute it.
#[derive(Clone, Debug)]
pub struct Distribution {
    pub steps: Vec<Step>,
    /// Number of shards of the users, if they are distributed.
    pub shards: Option<i64>,
}

impl Distribution {
    /// Returns the steps of a database that is not distributed.
    pub fn none_done() -> Self {
        let step = |&(table, place)| Step {
            table,
            place,
            is_done: place == Place::Local,
        };
        Self {
            steps: PLACEMENT.iter().map(step).collect(),
            shards: None,
        }
    }
}

/// Returns what [`distribute`] does. Changes nothing.
///
/// # Errors
/// The server cannot distribute the tables, a table is distributed in another way, or a query fails.
pub async fn plan(connection: &mut PgConnection) -> Result<Distribution, DistributionError> {
    require_citus(connection).await?;
    require_known_schema(connection).await?;
    let mut steps = Vec::new();
    let mut shards = None;
    for &(table, place) in PLACEMENT {
        // Not checked at compile time: the tables belong to Citus.
        let found = sqlx::query(
            "select p.partmethod::text, p.repmodel::text, column_to_column_name(p.logicalrelid, p.partkey),
                    (select count(*) from pg_catalog.pg_dist_shard s where s.logicalrelid = p.logicalrelid),
                    p.colocationid = (select u.colocationid from pg_catalog.pg_dist_partition u
                                      where u.logicalrelid = 'users'::regclass)
             from pg_catalog.pg_dist_partition p where p.logicalrelid = to_regclass($1)",
        )
        .bind(table)
        .persistent(false)
        .fetch_optional(&mut *connection)
        .await?;
        let is_done = match found {
            None => place == Place::Local,
            Some(row) => {
                let (method, model, column): (String, String, Option<String>) =
                    (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                let is_with_users = row.try_get::<Option<bool>, _>(4)?.unwrap_or(false);
                let fits = match place {
                    Place::ByUser(by) => method == "h" && column.as_deref() == Some(by) && is_with_users,
                    Place::Reference => method == "n" && model == "t",
                    Place::Coordinator => method == "n" && model == "s",
                    Place::Local => false,
                };
                if !fits {
                    let found = format!("method {method}, column {}", column.as_deref().unwrap_or("none"));
                    return Err(DistributionError::Elsewhere {
                        table: table.to_owned(),
                        found,
                    });
                }
                if table == "users" {
                    shards = Some(row.try_get(3)?);
                }
                true
            }
        };
        steps.push(Step { table, place, is_done });
    }
    Ok(Distribution { steps, shards })
}

/// Distributes the tables of [`plan`] that are not at their place, with `shards` shards of the users if they have none
/// yet. Idempotent.
///
/// # Errors
/// Those of [`plan`], processes use the database, or the command runs twice.
pub async fn distribute(connection: &mut PgConnection, shards: u32) -> Result<Distribution, DistributionError> {
    let before = plan(connection).await?;
    let is_first: bool = value(connection, "select pg_try_advisory_lock(hashtext('newbee distribute'))").await?;
    if !is_first {
        return Err(DistributionError::Concurrent);
    }
    let processes = "select count(*) from processes where heartbeat_at > clock_timestamp() - interval '30 seconds'";
    let processes: i64 = value(connection, processes).await?;
    if processes > 0 {
        return Err(DistributionError::InUse(processes));
    }
    if value(connection, "select began_at is not null from host_feed").await? {
        return Err(DistributionError::FeedInUse);
    }
    // Triggers see only the rows of their shard, reference tables and tables of the coordinator: those of newbee need no
    // others. References from the coordinator to reference tables would otherwise place all tables at the coordinator.
    raw_sql(
        "set citus.enable_unsafe_triggers = on; set citus.enable_local_reference_table_foreign_keys = off;
         set citus.multi_shard_modify_mode = 'sequential'",
    )
    .execute(&mut *connection)
    .await?;
    for step in before.steps.iter().filter(|step| !step.is_done) {
        place(connection, step, shards).await?;
    }
    define_functions(connection).await?;
    plan(connection).await
}

/// Functions of a distributed database.
const FUNCTIONS: &str = include_str!("functions.sql");
const SETTLE_BATCH: &str = include_str!("../settlement/settle_batch.sql");

/// Creates the functions on all nodes. Those of another version are replaced.
async fn define_functions(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    // Safe: constants of this program.
    raw_sql(AssertSqlSafe(FUNCTIONS.replace("{settle_batch}", SETTLE_BATCH)))
        .execute(&mut *transaction)
        .await?;
    for function in FUNCTIONS_OF_SHARDS {
        let distribute = format!(
            "select create_distributed_function('{function}'::regproc::regprocedure, '$1', colocate_with := 'users',
                                                force_delegation := true)"
        );
        raw_sql(AssertSqlSafe(distribute)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Lets the identities of tables continue after their greatest number: Citus creates their sequences anew.
const CONTINUE_IDENTITIES: &str = "do $$
declare
    c record;
    number bigint;
    last bigint;
begin
    for c in select a.attrelid::regclass::text as name, a.attname, pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) as numbers
             from pg_attribute a join pg_catalog.pg_dist_partition p on p.logicalrelid = a.attrelid
             where a.attidentity <> '' loop
        execute format('select max(%I) from %I', c.attname, c.name) into number;
        execute format('select last_value from %s', c.numbers) into last;
        if number >= last then
            perform setval(c.numbers, number);
        end if;
    end loop;
end $$";

async fn place(connection: &mut PgConnection, step: &Step, shards: u32) -> sqlx::Result<()> {
    let Step { table, place, .. } = step;
    let placing = match place {
        Place::ByUser(column) if *table == "users" => {
            format!("create_distributed_table('{table}', '{column}', colocate_with => 'none', shard_count => {shards})")
        }
        Place::ByUser(column) => format!("create_distributed_table('{table}', '{column}', colocate_with => 'users')"),
        Place::Reference => format!("create_reference_table('{table}')"),
        Place::Coordinator => format!("citus_add_local_table_to_metadata('{table}', cascade_via_foreign_keys => true)"),
        Place::Local => return Ok(()),
    };
    let mut statements = Vec::new();
    if *place == Place::Coordinator {
        statements.push(format!("select {placing}"));
        statements.push(CONTINUE_IDENTITIES.to_owned());
    } else {
        // The triggers were in force when the rows were written: they must not judge the copies.
        statements.push(format!("alter table {table} disable trigger user"));
        statements.push(format!("select {placing}"));
        if let Place::ByUser(_) = place {
            statements.push(format!(
                "select truncate_local_data_after_distributing_table('{table}')"
            ));
        }
        statements.push(format!("alter table {table} enable trigger user"));
        for (_, trigger) in REPLACED_TRIGGERS.iter().filter(|(of, _)| of == table) {
            statements.push(format!("alter table {table} disable trigger {trigger}"));
        }
    }
    let mut transaction = connection.begin().await?;
    for statement in statements {
        // Safe: names of the list.
        raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

async fn require_citus(connection: &mut PgConnection) -> Result<(), DistributionError> {
    if !value::<bool>(connection, "select to_regclass('pg_catalog.pg_dist_node') is not null").await? {
        return Err(DistributionError::NoExtension);
    }
    let coordinators = "select count(*) from pg_catalog.pg_dist_node where groupid = 0";
    if value::<i64>(connection, coordinators).await? == 0 {
        return Err(DistributionError::NoCoordinator);
    }
    let workers =
        "select count(*) from pg_catalog.pg_dist_node where groupid > 0 and noderole = 'primary' and shouldhaveshards";
    if value::<i64>(connection, workers).await? == 0 {
        return Err(DistributionError::NoWorkers);
    }
    if value::<i32>(connection, "select current_setting('max_prepared_transactions')::int").await? == 0 {
        return Err(DistributionError::NoTwoPhaseCommit);
    }
    Ok(())
}

/// Verifies that every table has a place, and that triggers work wherever they run.
async fn require_known_schema(connection: &mut PgConnection) -> Result<(), DistributionError> {
    let tables: Vec<&str> = PLACEMENT.iter().map(|(table, _)| *table).collect();
    let unknown: Option<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = (select relnamespace from pg_class where oid = 'users'::regclass)
           and relkind in ('r', 'p') and relname <> all ($1)
         order by 1 limit 1",
    )
    .bind(&tables[..])
    .persistent(false)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(table) = unknown {
        return Err(DistributionError::UnknownTable(table));
    }
    let on_nodes: Vec<&str> = PLACEMENT
        .iter()
        .filter(|(_, place)| matches!(place, Place::ByUser(_) | Place::Reference))
        .map(|(table, _)| *table)
        .collect();
    let unknown: Option<(String, String)> = sqlx::query_as(
        "select c.relname::text, t.tgname::text
         from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
         where not t.tgisinternal and c.relname = any ($1) and p.proname <> all ($2) and t.tgname <> all ($3)
           and c.relnamespace = (select relnamespace from pg_class where oid = 'users'::regclass)
         order by 1, 2 limit 1",
    )
    .bind(&on_nodes[..])
    .bind(&TRIGGER_FUNCTIONS[..])
    .bind(REPLACED_TRIGGERS.map(|(_, trigger)| trigger))
    .persistent(false)
    .fetch_optional(connection)
    .await?;
    match unknown {
        Some((table, trigger)) => Err(DistributionError::UnknownTrigger { table, trigger }),
        None => Ok(()),
    }
}

async fn value<T>(connection: &mut PgConnection, query: &'static str) -> sqlx::Result<T>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    raw_sql(query).fetch_one(connection).await?.try_get(0)
}
