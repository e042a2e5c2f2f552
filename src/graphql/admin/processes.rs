//! The processes of newbee that are running.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::awards::list_length;
use super::scope::AdminContext;
use crate::domain::api_key::Scope;
use crate::graphql::NullableField;
use crate::graphql::scalars::DateTime;
use crate::loaders::ops::ProcessRow;

/// A process that has been silent for longer than this missed three heartbeats.
const ALIVE_MS: i64 = 30_000;

#[derive(Default)]
pub(super) struct ProcessQueries;

#[Object]
impl ProcessQueries {
    /// The processes that ran during the last day, the longest running first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn processes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<Process>> {
        let found = async {
            let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let rows = scope.ops.processes(list_length(first)?).await;
            rows.map(|rows| rows.into_iter().map(Process::from).collect())
                .map_err(|error| scope.read_failed(&error))
        };
        Some(found.await)
    }
}

/// A process of newbee. One that ends in order leaves the list.
#[derive(SimpleObject)]
struct Process {
    /// The id that the process drew at its start.
    id: ID,
    /// Its host and process id, as runs of jobs name it.
    name: String,
    /// The version of the program.
    version: String,
    /// True when it runs scheduled jobs.
    scheduler: bool,
    /// When it started, by its own clock.
    started_at: DateTime,
    /// Its last heartbeat, by the database's clock.
    heartbeat_at: DateTime,
    /// True when it gave a heartbeat in the last 30 seconds.
    alive: bool,
    /// Its clock minus the database's, in milliseconds.
    clock_skew_ms: i64,
}

impl From<ProcessRow> for Process {
    fn from(row: ProcessRow) -> Self {
        Self {
            id: ID(row.process_id.to_string()),
            name: row.name,
            version: row.version,
            scheduler: row.scheduler,
            started_at: DateTime(row.started_at),
            heartbeat_at: DateTime(row.heartbeat_at),
            alive: row.silent_ms <= ALIVE_MS,
            clock_skew_ms: row.clock_skew_ms,
        }
    }
}
