//! What one request to the admin API knows: whose key it is, what that may do, and where answers come from.

use async_graphql::{Context, Result};

use crate::domain::api_key::Scope;
use crate::domain::audit::Author;
use crate::domain::business_day::{Calendar, Moment};
use crate::domain::language::Language;
use crate::graphql::Backend;
use crate::graphql::errors::{Code, busy, client_error, masked};
use crate::messages::Message;
use crate::read::ops::OpsReads;
use crate::read::{ReadError, Reads};
use crate::scheduler::Scheduler;
use crate::service::ServiceError;
use crate::store::bounded::PgPool;
use chrono::{DateTime, Utc};

/// Whose API key came with a request.
#[derive(Clone, Debug)]
pub struct ApiCaller {
    pub name: String,
    pub scopes: Vec<Scope>,
}

impl ApiCaller {
    /// Whoever has no key.
    pub fn nobody() -> Self {
        Self {
            name: "nobody".into(),
            scopes: Vec::new(),
        }
    }
}

/// One request. It goes into the request's data.
pub struct AdminScope {
    pub caller: ApiCaller,
    /// Taken once, so that a request over midnight sees one day.
    pub moment: Moment,
    pub calendar: Calendar,
    pub language: Language,
    pub request_id: String,
    pub pool: PgPool,
    pub reads: Reads,
    pub ops: OpsReads,
    pub jobs: Scheduler,
}

impl AdminScope {
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
            jobs,
            ops: OpsReads(pool.clone()),
            pool,
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
        Author {
            name: format!("key:{}", self.caller.name),
            request_id: Some(self.request_id.clone()),
            at: self.moment.at,
        }
    }

    /// The client's side of a failed read; the cause goes to the log.
    pub(super) fn read_failed(&self, error: &ReadError) -> async_graphql::Error {
        tracing::error!(request_id = self.request_id, %error, "a read failed");
        if error.is_unavailable() {
            busy(&self.request_id, self.language)
        } else {
            masked(&Message::InternalFault, &self.request_id, self.language)
        }
    }

    /// The client's side of a failed write; the cause goes to the log.
    pub(super) fn write_failed(&self, error: &ServiceError) -> async_graphql::Error {
        tracing::error!(request_id = self.request_id, ?error, "a write failed");
        if error.is_unavailable() {
            busy(&self.request_id, self.language)
        } else {
            masked(&Message::InternalFault, &self.request_id, self.language)
        }
    }
}
