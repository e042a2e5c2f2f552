//! What one request to the admin API knows: whose key it is, what that may do, and where answers come from.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, Result};

use crate::causes::one_line;
use crate::domain::api_key::Scope;
use crate::domain::audit::Author;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::draw_keys::DrawKeys;
use crate::domain::language::Language;
use crate::graphql::Backend;
use crate::graphql::errors::{Code, busy, client_error, masked};
use crate::loaders::ops::OpsReads;
use crate::loaders::{ReadError, Reads};
use crate::messages::Message;
use crate::scheduler::Scheduler;
use crate::service::PgPool;
use crate::service::ServiceError;
use crate::service::record_read::{PersonalRead, record_read};
use chrono::{DateTime, Utc};

/// Causes of failed reads and writes, collected for a person who may see them.
pub(super) type Failures = Arc<Mutex<Vec<String>>>;

/// Whose API key came with a request.
#[derive(Clone, Debug)]
pub struct ApiCaller {
    pub name: String,
    pub scopes: Vec<Scope>,
    /// The name in the audit log, where that is not `key:` and the name of the key.
    author: Option<String>,
}

impl ApiCaller {
    /// The owner of an API key.
    pub fn with_key(name: String, scopes: Vec<Scope>) -> Self {
        Self {
            name,
            scopes,
            author: None,
        }
    }

    /// The person at the command line, who has the database's password and so every scope.
    pub fn at_the_command_line(author: &Author) -> Self {
        Self {
            name: author.name.clone(),
            scopes: Scope::ALL.to_vec(),
            author: Some(author.name.clone()),
        }
    }

    /// Returns the caller of a request without a key, who may do nothing.
    pub fn nobody() -> Self {
        Self::with_key("nobody".into(), Vec::new())
    }
}

/// One request. It goes into the request's data.
pub struct AdminContext {
    pub caller: ApiCaller,
    /// Taken once, so that a request over midnight sees one day.
    pub moment: BusinessTime,
    pub calendar: Calendar,
    pub language: Language,
    pub request_id: String,
    pub pool: PgPool,
    pub reads: Reads,
    pub ops: OpsReads,
    pub jobs: Scheduler,
    /// Where causes of failures go instead of the log.
    failures: Option<Failures>,
    pub draw_keys: DrawKeys,
    /// Reads of personal data that this request has recorded.
    recorded_reads: Mutex<Vec<PersonalRead>>,
}

impl AdminContext {
    pub fn new(
        backend: &Backend,
        jobs: Scheduler,
        pool: PgPool,
        caller: ApiCaller,
        at: DateTime<Utc>,
        language: Language,
        request_id: String,
    ) -> Self {
        Self {
            caller,
            moment: backend.calendar.moment(at),
            calendar: backend.calendar,
            language,
            request_id,
            reads: backend.reads.clone(),
            draw_keys: backend.draw_keys.clone(),
            recorded_reads: Mutex::default(),
            jobs,
            ops: OpsReads(pool.clone()),
            pool,
            failures: None,
        }
    }

    /// Collects the causes of failed reads and writes instead of logging them.
    pub(super) fn collecting(self, failures: Failures) -> Self {
        Self {
            failures: Some(failures),
            ..self
        }
    }

    /// The scope of the request that a resolver works for.
    pub(super) fn of<'a>(context: &Context<'a>) -> &'a Self {
        context.data_unchecked()
    }

    /// The same, for who may do this; everybody else gets an error that names what is needed.
    pub(super) fn allowing<'a>(context: &Context<'a>, needed: Scope) -> Result<&'a Self> {
        let scope = Self::of(context);
        if scope.caller.scopes.iter().any(|scope| scope.allows(needed)) {
            return Ok(scope);
        }
        let message = Message::ScopeNeeded {
            scope: needed.name().to_owned(),
        };
        Err(client_error(Code::Forbidden, message.text(scope.language)))
    }

    /// Who makes the changes of this request.
    pub(super) fn author(&self) -> Author {
        match &self.caller.author {
            Some(name) => Author {
                name: name.clone(),
                request_id: None,
                at: self.moment.at,
            },
            None => Author {
                name: format!("key:{}", self.caller.name),
                request_id: Some(self.request_id.clone()),
                at: self.moment.at,
            },
        }
    }

    /// Records once in a request that personal data is read. When this fails, the data must not be shown.
    pub(super) async fn record_read(&self, read: PersonalRead) -> Result<()> {
        let is_new = {
            let mut recorded = self.recorded_reads.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !recorded.contains(&read);
            if is_new {
                recorded.push(read.clone());
            }
            is_new
        };
        if is_new {
            record_read(&self.pool, &read, &self.author())
                .await
                .map_err(|error| self.write_failed(&error))?;
        }
        Ok(())
    }

    /// The client's side of a failed read; the cause goes to the log.
    pub(super) fn read_failed(&self, error: &ReadError) -> async_graphql::Error {
        if !self.collect(error) {
            tracing::error!(request_id = self.request_id, %error, "a read failed");
        }
        if error.is_unavailable() {
            busy(&self.request_id, self.language)
        } else {
            masked(&Message::InternalFault, &self.request_id, self.language)
        }
    }

    /// The client's side of a failed write; the cause goes to the log.
    pub(super) fn write_failed(&self, error: &ServiceError) -> async_graphql::Error {
        if !self.collect(error) {
            tracing::error!(request_id = self.request_id, ?error, "a write failed");
        }
        if error.is_unavailable() {
            busy(&self.request_id, self.language)
        } else {
            masked(&Message::InternalFault, &self.request_id, self.language)
        }
    }

    /// Keeps the cause of a failure where causes are collected; `false` elsewhere.
    fn collect(&self, error: &(impl std::error::Error + Clone + Send + Sync + 'static)) -> bool {
        let Some(failures) = &self.failures else {
            return false;
        };
        let cause = one_line(&anyhow::Error::new(error.clone()));
        failures.lock().unwrap_or_else(PoisonError::into_inner).push(cause);
        true
    }
}
