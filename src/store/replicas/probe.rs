//! Questions to the primary and to a replica, and the judgement of their answers.

use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Row, raw_sql};

use super::lag::Position;
use super::standby_names::waits_for_all;
use crate::store::bounded::{Database, LimitCheck, PROBE, PgConnection, Sessions, address};
use crate::store::session_sharing::sessions;

/// Answer of the primary.
#[derive(Clone, Debug)]
pub struct Primary {
    /// Time before the question.
    pub asked_at: Instant,
    /// End of the log on disk: all acknowledged transactions are before it.
    pub flushed: Position,
    cluster: String,
    database: String,
    role: String,
    sees_standbys: bool,
    standby_names: String,
    /// Name and state of each connected standby. The states are null without the right to see them.
    standbys: Vec<(String, Option<String>)>,
}

/// Answer of a replica.
#[derive(Clone, Debug)]
pub struct Standby {
    cluster: String,
    database: String,
    /// End of the replayed log; `None` for a server that accepts writes.
    replayed: Option<Position>,
    /// Name under which it receives from a primary.
    name: Option<String>,
    /// True if a read may hold up the replay, and so every commit, for more than five seconds.
    pub holds_commits_up: bool,
}

impl Standby {
    /// Takes the last known name if the replica does not receive at present. Whether commits wait for it is the primary's
    /// to say: while the primary is down, the replica lacks nothing.
    pub fn know_name(&mut self, known: &mut Option<String>) {
        match &self.name {
            Some(name) => *known = Some(name.clone()),
            None => self.name.clone_from(known),
        }
    }
}

/// Reason for which reads do not go to a replica.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("not asked yet")]
    New,
    #[error("it does not answer: {0}")]
    Silent(String),
    #[error("the primary has not answered yet")]
    PrimaryUnknown,
    #[error("it is not a copy of the database in DATABASE_URL")]
    OtherDatabase,
    #[error(
        "its address leads to a connection pooler that shares sessions: use the address of Postgres itself, or session \
         pooling"
    )]
    SharedSessions,
    #[error(
        "the role {0} may not see whether commits wait for replicas. As a superuser, run: grant pg_read_all_stats to {0}"
    )]
    NoPrivilege(String),
    #[error("it does not receive from a primary")]
    NotReceiving,
    #[error("it does not receive from the primary in DATABASE_URL (there is no standby named {0} there)")]
    OtherPrimary(String),
    #[error(
        "commits do not wait for it: its state is {state}, and synchronous_standby_names of the primary is '{names}'. Write \
         FIRST n (…) with the names of all n replicas; its name is {name}"
    )]
    NotSynchronous { name: String, state: String, names: String },
    #[error(
        "commits wait for only some replicas: synchronous_standby_names of the primary is '{0}'. Write FIRST n (…) with the \
         names of all n replicas"
    )]
    SomeOfThem(String),
    #[error("it is {:.1} s behind the primary", .0.as_secs_f64())]
    Behind(Duration),
}

impl Trouble {
    /// Returns true if only a change of the configuration helps. The others may also be the work of a fail-over.
    pub fn is_misconfiguration(&self) -> bool {
        matches!(self, Self::OtherDatabase | Self::SharedSessions | Self::NoPrivilege(_))
    }

    /// Returns true if both have the same reason, apart from its details.
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Connection for questions, kept from one to the next.
#[derive(Debug, Default)]
pub struct Line(Option<(String, PgConnection)>);

impl Line {
    /// Asks the primary.
    ///
    /// # Errors
    /// Returns an error if it cannot be reached, does not answer in time, or is a standby.
    pub async fn ask_primary(&mut self, host: &PgConnectOptions) -> sqlx::Result<Primary> {
        let asked_at = Instant::now();
        // Not checked at compile time: poolers that share sessions do not support prepared statements.
        let row = self.row(
            host,
            "select (pg_current_wal_flush_lsn() - pg_lsn '0/0')::bigint, c.system_identifier::text, current_database()::text,
                    current_user::text, pg_has_role('pg_read_all_stats', 'usage'), current_setting('synchronous_standby_names'),
                    (select coalesce(json_agg(json_build_array(coalesce(s.application_name, ''), s.sync_state)), '[]')::text
                     from pg_stat_replication s)
             from pg_control_system() c",
        );
        let row = row.await?;
        let standbys: String = row.try_get(6)?;
        Ok(Primary {
            asked_at,
            flushed: position(&row, 0)?.unwrap_or_default(),
            cluster: row.try_get(1)?,
            database: row.try_get(2)?,
            role: row.try_get(3)?,
            sees_standbys: row.try_get(4)?,
            standby_names: row.try_get(5)?,
            standbys: serde_json::from_str(&standbys).map_err(|error| sqlx::Error::Decode(error.into()))?,
        })
    }

    /// Asks a replica. A new connection also finds out whether sessions are shared.
    ///
    /// # Errors
    /// Returns the reason for which it cannot be used.
    pub async fn ask_replica(&mut self, host: &PgConnectOptions) -> Result<Standby, Trouble> {
        if self.0.is_none() {
            match sessions(&Database::from(host), &PROBE).await {
                Ok(Sessions::Own) => {}
                Ok(Sessions::Shared | Sessions::Mixed) => return Err(Trouble::SharedSessions),
                Err(error) => return Err(Trouble::Silent(error.to_string())),
            }
        }
        let copy = async {
            let row = self.row(
                host,
                "select case when pg_is_in_recovery() then (pg_last_wal_replay_lsn() - pg_lsn '0/0')::bigint end,
                        c.system_identifier::text, current_database()::text, r.conninfo,
                        current_setting('max_standby_streaming_delay')::interval not between '0 s' and '5 s'
                 from pg_control_system() c left join pg_stat_wal_receiver r on true",
            );
            let row = row.await?;
            let connection: Option<String> = row.try_get(3)?;
            Ok::<_, sqlx::Error>(Standby {
                replayed: position(&row, 0)?,
                cluster: row.try_get(1)?,
                database: row.try_get(2)?,
                name: connection.as_deref().and_then(name_in),
                holds_commits_up: row.try_get(4)?,
            })
        };
        copy.await.map_err(|error| Trouble::Silent(error.to_string()))
    }

    async fn row(&mut self, host: &PgConnectOptions, question: &'static str) -> sqlx::Result<PgRow> {
        let address = address(host);
        let mut connection = match self.0.take().filter(|(known, _)| *known == address) {
            Some((_, connection)) => connection,
            None => PgConnection::connect(host, &PROBE, LimitCheck::Unset).await?,
        };
        let row = raw_sql(question).fetch_one(&mut connection).await?;
        self.0 = Some((address, connection));
        Ok(row)
    }
}

fn position(row: &PgRow, column: usize) -> sqlx::Result<Option<Position>> {
    let position: Option<i64> = row.try_get(column)?;
    Ok(position.and_then(|position| Position::try_from(position).ok()))
}

/// Returns the name under which a standby connects, from the text of its connection.
fn name_in(connection: &str) -> Option<String> {
    let value = |key: &str| {
        let mut settings = connection.split_whitespace();
        settings.find_map(|setting| setting.strip_prefix(key)?.strip_prefix('=').map(str::to_owned))
    };
    value("application_name").or_else(|| value("fallback_application_name"))
}

/// Returns the position of a replica for which all commits of the primary wait; `None` for the primary itself.
///
/// # Errors
/// Returns the reason for which reads may miss commits.
pub fn judge(primary: &Primary, copy: &Standby) -> Result<Option<Position>, Trouble> {
    if (&primary.cluster, &primary.database) != (&copy.cluster, &copy.database) {
        return Err(Trouble::OtherDatabase);
    }
    let Some(replayed) = copy.replayed else {
        return Ok(None);
    };
    if !primary.sees_standbys {
        return Err(Trouble::NoPrivilege(primary.role.clone()));
    }
    let name = copy.name.clone().ok_or(Trouble::NotReceiving)?;
    let named = primary.standbys.iter().filter(|(standby, _)| *standby == name);
    let states: Vec<&str> = named.map(|(_, state)| state.as_deref().unwrap_or("unknown")).collect();
    if states.is_empty() {
        return Err(Trouble::OtherPrimary(name));
    }
    if let Some(state) = states.iter().find(|state| !matches!(**state, "sync" | "quorum")) {
        return Err(Trouble::NotSynchronous {
            state: (*state).to_owned(),
            names: primary.standby_names.clone(),
            name,
        });
    }
    match states.contains(&"quorum") && !waits_for_all(&primary.standby_names) {
        true => Err(Trouble::SomeOfThem(primary.standby_names.clone())),
        false => Ok(Some(replayed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn primary(standby_names: &str, standbys: &[(&str, &str)]) -> Primary {
        let own = |(name, state): &(&str, &str)| ((*name).to_owned(), Some((*state).to_owned()));
        Primary {
            asked_at: Instant::now(),
            flushed: 10,
            cluster: "7".into(),
            database: "newbee".into(),
            role: "app".into(),
            sees_standbys: true,
            standby_names: standby_names.into(),
            standbys: standbys.iter().map(own).collect(),
        }
    }

    fn copy() -> Standby {
        Standby {
            cluster: "7".into(),
            database: "newbee".into(),
            replayed: Some(9),
            name: Some("a".into()),
            holds_commits_up: false,
        }
    }

    #[test]
    fn only_a_replica_for_which_commits_wait_is_good() {
        let judged = |names, standbys: &[(&str, &str)]| judge(&primary(names, standbys), &copy());
        assert_eq!(judged("FIRST 1 (a)", &[("a", "sync"), ("b", "async")]), Ok(Some(9)));
        assert_eq!(judged("ANY 2 (a, b)", &[("a", "quorum"), ("b", "quorum")]), Ok(Some(9)));
        let some = Trouble::SomeOfThem("ANY 1 (a, b)".into());
        assert_eq!(judged("ANY 1 (a, b)", &[("a", "quorum"), ("b", "quorum")]), Err(some));
        assert_eq!(judged("b", &[("b", "sync")]), Err(Trouble::OtherPrimary("a".into())));
        for standbys in [[("a", "potential"), ("b", "sync")], [("a", "sync"), ("a", "potential")]] {
            let trouble = judged("*", &standbys).unwrap_err();
            assert!(
                matches!(&trouble, Trouble::NotSynchronous { state, .. } if state == "potential"),
                "{trouble}"
            );
        }
        let trouble = judged("", &[("a", "async")]).unwrap_err().to_string();
        assert!(
            trouble.contains("is ''") && trouble.contains("its name is a"),
            "{trouble}"
        );
    }

    #[test]
    fn another_database_the_primary_and_a_missing_right_are_recognised() {
        let good = primary("a", &[("a", "sync")]);
        let judged = |change: fn(&mut Standby)| {
            let mut changed = copy();
            change(&mut changed);
            judge(&good, &changed)
        };
        assert_eq!(judged(|copy| copy.cluster = "8".into()), Err(Trouble::OtherDatabase));
        assert_eq!(judged(|copy| copy.database = "x".into()), Err(Trouble::OtherDatabase));
        assert_eq!(judged(|copy| copy.replayed = None), Ok(None));
        assert_eq!(judged(|copy| copy.name = None), Err(Trouble::NotReceiving));
        let unseen = Primary {
            sees_standbys: false,
            ..good
        };
        assert_eq!(judge(&unseen, &copy()), Err(Trouble::NoPrivilege("app".into())));
    }

    #[test]
    fn the_name_of_a_standby_is_that_of_its_connection() {
        let plain = "user=r host=/run port=5432 fallback_application_name=walreceiver sslmode=prefer";
        assert_eq!(name_in(plain).as_deref(), Some("walreceiver"));
        let named = "user=r application_name=db2 fallback_application_name=walreceiver";
        assert_eq!(name_in(named).as_deref(), Some("db2"));
        assert_eq!(name_in("user=r"), None);
    }
}
