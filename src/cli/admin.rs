//! The admin API in this process: commands ask it for what they show, so that `--json` has the API's fields.

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

/// Connections that one command may use at a time.
const CONNECTIONS: u32 = 2;

/// The admin API for one command.
pub struct Admin {
    api: InProcess,
    pub calendar: Calendar,
    /// The person who runs the command, and the moment of it.
    pub author: Author,
}

impl Admin {
    /// Opens the database for a command that has nothing to do with jobs.
    ///
    /// # Errors
    /// A wrong configuration, a database that cannot be used, or one of another version.
    pub async fn open(common: &CommonArgs, problems: Problems, clock: Clock) -> anyhow::Result<Self> {
        let (options, calendar) = database::settings(&common.database, &common.business, problems).await?;
        let app = App::start_without_jobs(&options, CONNECTIONS, clock, calendar);
        Ok(Self::new(&app.jobs, app.backend.clone()))
    }

    /// Asks with the jobs of a scheduler.
    pub fn new(scheduler: &Scheduler, backend: crate::graphql::Backend) -> Self {
        Self {
            calendar: scheduler.ledger.calendar,
            author: author(scheduler.ledger.clock.now()),
            api: InProcess::new(backend, scheduler.clone()),
        }
    }

    /// Runs an operation and returns one field at the root of its answer.
    ///
    /// # Errors
    /// What the API answers in `errors`.
    pub async fn ask(&self, field: &str, operation: &str, variables: Value) -> anyhow::Result<Value> {
        let answer = self.api.run(operation, variables, &self.author).await;
        let mut data = answer.map_err(|errors| anyhow!(errors.join("\n")))?;
        Ok(data[field].take())
    }

    /// Runs a mutation and returns its payload.
    ///
    /// # Errors
    /// What the API answers in `errors`, or in `problems` of the payload.
    pub async fn change(&self, field: &str, operation: &str, variables: Value) -> anyhow::Result<Value> {
        let payload = self.ask(field, operation, variables).await?;
        refuse_problems(&payload)?;
        Ok(payload)
    }
}

/// Reads what the API answered.
///
/// # Errors
/// When the answer is not of that shape, which is a defect.
pub fn read<T: DeserializeOwned>(value: &Value) -> anyhow::Result<T> {
    T::deserialize(value).map_err(|error| anyhow!("newbee does not understand its own answer: {error}"))
}

/// Turns the `problems` of a payload into an error: one line for one of them, a list for several.
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
