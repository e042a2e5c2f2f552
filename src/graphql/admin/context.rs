//! Context of one admin API request: the caller, its scopes, and the data sources.

use std::sync::{Mutex, PoisonError};

use async_graphql::{Context, Result};

use crate::clock::Clock;
use crate::domain::api_key::Scope;
use crate::domain::audit::Author;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::draw_keys::DrawKeys;
use crate::domain::grant::ApprovalLimit;
use crate::domain::language::Language;
use crate::graphql::errors::AccessError;
use crate::live::AwardChanges;
use crate::loaders::Reads;
use crate::loaders::ops::OpsReads;
use crate::scheduler::Scheduler;
use crate::service::PgPool;
use crate::service::api_keys::has_live_key;
use crate::service::record_read::{PersonalRead, record_read};
use crate::state::AppState;
use chrono::{DateTime, Utc};

/// Owner of the API key of a request.
#[derive(Clone, Debug)]
pub struct ApiCaller {
    pub name: String,
    pub scopes: Vec<Scope>,
    /// Author name in the audit log; `None` means `key:` followed by the name of the key.
    author: Option<String>,
}

impl ApiCaller {
    /// Returns the owner of an API key.
    pub fn with_key(name: String, scopes: Vec<Scope>) -> Self {
        Self {
            name,
            scopes,
            author: None,
        }
    }

    /// Returns the user at the command line. Holding the database password, this user has every scope.
    pub fn at_the_command_line(author: &Author) -> Self {
        Self {
            name: author.name.clone(),
            scopes: Scope::ALL.to_vec(),
            author: Some(author.name.clone()),
        }
    }

    /// Returns the caller of a request without a key, with no scopes.
    pub fn nobody() -> Self {
        Self::with_key("nobody".into(), Vec::new())
    }
}

/// Context of one request, stored in the request's data.
pub struct AdminContext {
    pub caller: ApiCaller,
    /// Time of the request, taken once so that a request across midnight uses a single business day.
    pub moment: BusinessTime,
    pub calendar: Calendar,
    pub language: Language,
    pub request_id: String,
    pub pool: PgPool,
    pub reads: Reads,
    pub ops: OpsReads,
    pub jobs: Scheduler,
    pub draw_keys: DrawKeys,
    pub clock: Clock,
    pub award_changes: AwardChanges,
    pub approval_limit: ApprovalLimit,
    /// Reads of personal data that this request has already recorded.
    recorded_reads: Mutex<Vec<PersonalRead>>,
}

impl AdminContext {
    pub fn new(
        state: &AppState,
        jobs: Scheduler,
        caller: ApiCaller,
        at: DateTime<Utc>,
        language: Language,
        request_id: String,
    ) -> Self {
        Self {
            caller,
            moment: state.calendar.moment(at),
            calendar: state.calendar,
            language,
            request_id,
            reads: state.reads.clone(),
            draw_keys: state.draw_keys.clone(),
            clock: state.clock.clone(),
            award_changes: state.award_changes.clone(),
            approval_limit: state.approval_limit,
            recorded_reads: Mutex::default(),
            jobs,
            ops: state.ops.clone(),
            pool: state.pools.admin.clone(),
        }
    }

    /// Returns the context of the request that a resolver serves.
    pub(super) fn of<'a>(context: &Context<'a>) -> &'a Self {
        context.data_unchecked()
    }

    /// Returns the context if the caller has the needed scope.
    ///
    /// # Errors
    /// `FORBIDDEN` if the scope is missing; the message names it.
    pub(super) fn allowing<'a>(context: &Context<'a>, needed: Scope) -> Result<&'a Self> {
        let context = Self::of(context);
        if context.caller.scopes.iter().any(|scope| scope.allows(needed)) {
            return Ok(context);
        }
        Err(AccessError::ScopeNeeded(needed).into())
    }

    /// Checks that the caller's key was not revoked since the request began, before the reply of a request that has waited.
    ///
    /// # Errors
    /// `FORBIDDEN` if it was: the key has no scope any more.
    pub(super) async fn check_key(&self) -> Result<()> {
        let is_key = self.caller.author.is_none();
        match is_key && !has_live_key(&self.pool, &self.caller.name).await? {
            true => Err(AccessError::ScopeNeeded(Scope::Host).into()),
            false => Ok(()),
        }
    }

    /// Returns the author of this request's changes, for the audit log.
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

    /// Records a read of personal data, once per request.
    ///
    /// # Errors
    /// If the read cannot be recorded. The data must not be shown then.
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
            record_read(&self.pool, &read, &self.author()).await?;
        }
        Ok(())
    }
}
