//! In-process admin API: the command line runs the same operations as HTTP clients and gets the same replies.

use async_graphql::{Request, ServerError, Variables};
use serde_json::Value;

use super::{AdminContext, AdminSchema, ApiCaller, admin_schema};
use crate::causes::one_line;
use crate::domain::audit::Author;
use crate::domain::language::Language;
use crate::scheduler::Scheduler;
use crate::service::ServiceError;
use crate::state::AppState;

/// Runs operations of the admin API for the command line, with all scopes.
pub struct InProcess {
    schema: AdminSchema,
    state: AppState,
    jobs: Scheduler,
}

impl InProcess {
    /// Builds the schema without opening connections.
    pub fn new(state: AppState, jobs: Scheduler) -> Self {
        Self {
            schema: admin_schema().finish(),
            state,
            jobs,
        }
    }

    /// Runs one operation and returns its `data`.
    ///
    /// # Errors
    /// All messages in `errors`. For a failed read or write this is the cause, which HTTP clients do not receive.
    pub async fn run(&self, operation: &str, variables: Value, author: &Author) -> Result<Value, Vec<String>> {
        let context = AdminContext::new(
            &self.state,
            self.jobs.clone(),
            ApiCaller::at_the_command_line(author),
            author.at,
            Language::English,
            String::new(),
        );
        let request = Request::new(operation)
            .variables(Variables::from_json(variables))
            .data(context);
        let response = self.schema.execute(request).await;
        if response.errors.is_empty() {
            return response.data.into_json().map_err(|error| vec![error.to_string()]);
        }
        let fault = |error: &ServerError| Some(one_line(&error.source::<ServiceError>()?.clone().into()));
        let causes: Vec<_> = response.errors.iter().filter_map(fault).collect();
        match causes.is_empty() {
            false => Err(causes),
            true => Err(response.errors.into_iter().map(|error| error.message).collect()),
        }
    }
}
