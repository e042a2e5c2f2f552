//! In-process client of the admin API. Commands read and write through it, so `--json` prints the fields of the API.

use anyhow::{anyhow, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::common::{CommonArgs, author};
use super::database;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::audit::Author;
use crate::domain::business_day::Calendar;
use crate::graphql::InProcess;
use crate::scheduler::Scheduler;
use crate::state::AppState;

/// Maximum number of database connections of one command.
const CONNECTIONS: u32 = 2;

/// The admin API for one command.
pub struct Admin {
    api: InProcess,
    pub calendar: Calendar,
    /// The operating-system user who runs the command, and the time of the command.
    pub author: Author,
}

impl Admin {
    /// Opens the database for a command that does not use jobs.
    ///
    /// # Errors
    /// The configuration is invalid, the database is unusable, or its schema has another version.
    pub async fn open(common: &CommonArgs, problems: Problems, clock: Clock) -> anyhow::Result<Self> {
        let (database, calendar) = database::settings(&common.database, &common.business, problems).await?;
        let app = App::start_without_jobs(&database, CONNECTIONS, clock, calendar);
        Ok(Self::new(&app.jobs, app.state))
    }

    /// Creates a client that uses the jobs of a scheduler.
    pub fn new(scheduler: &Scheduler, state: AppState) -> Self {
        Self {
            calendar: scheduler.ledger.calendar,
            author: author(scheduler.ledger.clock.now()),
            api: InProcess::new(state, scheduler.clone()),
        }
    }

    /// Executes an operation and returns one root field of its `data`.
    ///
    /// # Errors
    /// The response has `errors`; their messages are joined, one per line.
    pub async fn ask(&self, field: &str, operation: &str, variables: Value) -> anyhow::Result<Value> {
        let answer = self.api.run(operation, variables, &self.author).await;
        let mut data = answer.map_err(|errors| anyhow!(errors.join("\n")))?;
        Ok(data[field].take())
    }

    /// Executes a mutation and returns its payload.
    ///
    /// # Errors
    /// The response has `errors`, or the payload has `problems`.
    pub async fn change(&self, field: &str, operation: &str, variables: Value) -> anyhow::Result<Value> {
        let payload = self.ask(field, operation, variables).await?;
        refuse_problems(&payload)?;
        Ok(payload)
    }
}

/// Deserialises a response of the admin API.
///
/// # Errors
/// The response does not have the expected shape, which is a defect.
pub fn read<T: DeserializeOwned>(value: &Value) -> anyhow::Result<T> {
    T::deserialize(value).map_err(|error| anyhow!("The response of the admin API has an unexpected shape: {error}"))
}

/// Returns the `problems` of a payload as an error: one line for a single problem, a list for several.
fn refuse_problems(payload: &Value) -> anyhow::Result<()> {
    let problems = payload["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    let messages: Vec<&str> = problems
        .iter()
        .filter_map(|problem| problem["message"].as_str())
        .collect();
    match messages.as_slice() {
        [] => Ok(()),
        [message] => bail!("{message} Nothing was changed."),
        messages => bail!("Nothing was changed:\n  - {}", messages.join("\n  - ")),
    }
}
