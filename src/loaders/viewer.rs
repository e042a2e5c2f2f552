//! The user of a request's session key, looked up when something first needs it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use super::{ReadSet, ServiceError, Sessions, Whose};
use crate::domain::id::UserId;
use crate::domain::session::SessionKeyHash;

/// User of a request. Clones share one look-up.
#[derive(Clone)]
pub struct Viewer(Arc<State>);

struct State {
    /// Where to look the user up; `None` if the user is known.
    session: Option<Session>,
    found: OnceCell<Result<Option<UserId>, ServiceError>>,
}

struct Session {
    key: SessionKeyHash,
    /// Time of the request, at which the key must not have expired.
    at: DateTime<Utc>,
    sessions: Sessions,
}

impl Viewer {
    /// Returns the viewer of a key that was looked up.
    pub fn known(user: UserId) -> Self {
        Self(Arc::new(State {
            session: None,
            found: OnceCell::new_with(Some(Ok(Some(user)))),
        }))
    }

    /// Returns the viewer of a key that was not looked up.
    pub fn of_key(key: SessionKeyHash, at: DateTime<Utc>, sessions: Sessions) -> Self {
        Self(Arc::new(State {
            session: Some(Session { key, at, sessions }),
            found: OnceCell::new(),
        }))
    }

    /// Returns the user; `None` if the key is unknown, revoked or expired. Looks the key up if nothing did so before.
    ///
    /// # Errors
    /// If the look-up failed.
    pub async fn user(&self) -> Result<Option<UserId>, ServiceError> {
        let look_up = async || match &self.0.session {
            Some(Session { key, at, sessions }) => sessions.authenticate(*key, *at).await,
            None => Ok(None),
        };
        self.0.found.get_or_init(look_up).await.clone()
    }

    /// Returns the key of a viewer that was not looked up yet, for a statement that looks it up; call [`Self::found`] with
    /// its result.
    pub fn pending_key(&self) -> Option<SessionKeyHash> {
        match (self.0.found.get(), &self.0.session) {
            (None, Some(session)) => Some(session.key),
            _ => None,
        }
    }

    /// Records the user of [`Self::pending_key`]; `None` if the key is not valid.
    pub fn found(&self, user: Option<UserId>) {
        // Another statement may have been faster.
        let _ = self.0.found.set(Ok(user));
    }

    /// Starts a set of reads, and returns whose data its reads ask for. If the user is not known yet, the same statement
    /// looks up the key; call [`Self::conclude`] with the set once it has run.
    pub fn start_reads(&self) -> (ReadSet, Whose) {
        match (self.0.found.get(), &self.0.session) {
            (None, Some(session)) => (ReadSet::of_session(session.key), Whose::Session),
            (found, _) => {
                let user = found.and_then(|found| found.clone().ok().flatten());
                (ReadSet::default(), Whose::User(user.unwrap_or(UserId(0))))
            }
        }
    }

    /// Returns the user after a set of [`Self::start_reads`] has run; `None` if the key is not valid, or could not be
    /// looked up.
    pub fn conclude(&self, ran: &ReadSet) -> Option<UserId> {
        if let (None, Some(session)) = (self.0.found.get(), &self.0.session) {
            let found = ran
                .session()
                .map(|found| found.and_then(|found| found.user_at(session.at)));
            // Another set may have been faster, or a look-up of `user` may be running: its result will be the same.
            let _ = self.0.found.set(found.clone());
            return self.0.found.get().cloned().unwrap_or(found).ok().flatten();
        }
        self.0.found.get()?.clone().ok().flatten()
    }
}
