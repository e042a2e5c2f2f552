//! Running processes of newbee.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::awards::list_length;
use super::context::AdminContext;
use crate::domain::api_key::Scope;
use crate::graphql::NullableField;
use crate::graphql::scalars::DateTime;
use crate::loaders::ops::ProcessRow;

#[derive(Default)]
pub(super) struct ProcessQueries;

#[Object]
impl ProcessQueries {
    /// Returns the processes that ran during the last 24 hours, longest running first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn processes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<Process>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let rows = context.ops.processes(list_length(first)?).await;
            rows.map(|rows| rows.into_iter().map(Process::from).collect())
                .map_err(Into::into)
        };
        Some(found.await)
    }
}

/// A process of newbee. It is removed from the list on an orderly shutdown.
#[derive(SimpleObject)]
struct Process {
    /// Random process ID, chosen at the start.
    id: ID,
    /// Host name and operating system process ID, as recorded in job runs.
    name: String,
    /// Program version of the process.
    version: String,
    /// True if the process runs scheduled jobs.
    scheduler: bool,
    /// Start time by the clock of the process.
    started_at: DateTime,
    /// Latest heartbeat by the clock of the database.
    heartbeat_at: DateTime,
    /// True if the latest heartbeat is at most 30 seconds old.
    alive: bool,
    /// Clock of the process minus clock of the database, in milliseconds.
    clock_skew_ms: i64,
}

impl From<ProcessRow> for Process {
    fn from(row: ProcessRow) -> Self {
        let alive = row.is_alive();
        Self {
            id: ID(row.process_id.to_string()),
            name: row.name,
            version: row.version,
            scheduler: row.scheduler,
            started_at: DateTime(row.started_at),
            heartbeat_at: DateTime(row.heartbeat_at),
            alive,
            clock_skew_ms: row.clock_skew_ms,
        }
    }
}
