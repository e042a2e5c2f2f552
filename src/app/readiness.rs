//! The checks behind `/readyz`.

use std::fmt::Display;

use chrono::{DateTime, Utc};

use crate::domain::id::UserId;
use crate::domain::session::SessionKey;
use crate::http::ReadinessCheck;
use crate::loaders::me::profile::ReadProfile;
use crate::scheduler::clock_skew;
use crate::state::AppState;
use crate::store::bounded::PgPool;
use crate::store::health::{self, Writes};
use crate::store::replicas::{Replicas, State};

const UNKNOWN: &str = "unknown: the database does not respond";

/// Checks the database through the batchers and the pool that customer requests use, because other connections may
/// work while these do not.
pub(super) async fn check(state: &AppState) -> Vec<ReadinessCheck> {
    let (reads, writes, migrations, clock) =
        tokio::join!(reads(state), writes(state), migrations(&state.pools.api), clock(state));
    let mut checks = vec![
        named("database", reads),
        named("writes", writes),
        named("migrations", migrations),
    ];
    checks.extend(clock.map(|outcome| named("clock", outcome)));
    checks.extend(state.pools.replicas.as_deref().map(replicas));
    checks
}

fn named(name: &'static str, outcome: Result<(), String>) -> ReadinessCheck {
    ReadinessCheck {
        name,
        outcome,
        degraded: None,
    }
}

/// Names the replicas that are not used. The primary answers their reads, so the process is ready.
fn replicas(replicas: &Replicas) -> ReadinessCheck {
    let unused = replicas.statuses().into_iter().filter_map(|status| match status.state {
        State::Unused(trouble) => Some(format!("{}: {trouble}", status.address)),
        State::Used | State::Primary => None,
    });
    let unused: Vec<_> = unused.collect();
    ReadinessCheck {
        degraded: (!unused.is_empty()).then(|| unused.join("; ")),
        ..named("replicas", Ok(()))
    }
}

/// Looks up a session key and a user that do not exist.
async fn reads(state: &AppState) -> Result<(), String> {
    let failed = |error: &dyn Display| {
        tracing::debug!(%error, "not ready: a read failed");
        "the database does not respond".to_owned()
    };
    let key = SessionKey::parse("readiness-probe").expect("a well-formed key");
    let (session, profile) = tokio::join!(
        state.sessions.authenticate(key.hash(), DateTime::<Utc>::MIN_UTC),
        state.reads.read(UserId(0), ReadProfile),
    );
    session.map_err(|error| failed(&error))?;
    profile.map_err(|error| failed(&error))?;
    Ok(())
}

async fn writes(state: &AppState) -> Result<(), String> {
    match state.sign_ins.try_write().await {
        Ok(Writes::Accepted) => Ok(()),
        Ok(Writes::Standby) => Err("the database server is a standby and is read-only".to_owned()),
        Ok(Writes::ReadOnly) => Err("the database is read-only: default_transaction_read_only is on".to_owned()),
        Err(error) => {
            tracing::debug!(%error, "not ready: a write failed");
            Err("the database does not accept a write".to_owned())
        }
    }
}

async fn migrations(pool: &PgPool) -> Result<(), String> {
    let state = async { health::schema_state(&mut pool.acquire().await?).await };
    match state.await {
        Ok(state) if state.missing == 0 => Ok(()),
        Ok(state) => Err(format!("{} migrations are missing: run newbee migrate", state.missing)),
        Err(_) => Err(UNKNOWN.to_owned()),
    }
}

/// Returns `None` if the clock is set manually.
async fn clock(state: &AppState) -> Option<Result<(), String>> {
    if !state.clock.is_machine() {
        return None;
    }
    Some(
        match clock_skew::clock_skew(&state.pools.heartbeat, &state.clock).await {
            Ok(skew) if clock_skew::is_tolerable(skew) => Ok(()),
            Ok(skew) => Err(format!(
                "this machine's clock is {} ms off the database's",
                skew.num_milliseconds()
            )),
            Err(_) => Err(UNKNOWN.to_owned()),
        },
    )
}
