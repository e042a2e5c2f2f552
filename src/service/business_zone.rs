//! The business time zone of the installation: stored at the first start, shared by all processes, changed by a
//! command.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::json;

use super::Failure;
use super::jobs::close_day::open_days;
use crate::domain::audit::{Author, Change};
use crate::domain::business_day::Calendar;
use crate::domain::correction::is_valid_reason;
use crate::domain::rejection::Rejection;
use crate::store::bounded::{PgConnection, PgPool, Sessions};
use crate::store::{audit_log, installation, processes};

/// Zone of an installation whose first process had none configured.
pub const DEFAULT_ZONE: Tz = Tz::Asia__Shanghai;

/// Maximum number of processes that are read to find a running one.
const MAX_PROCESSES: i64 = 10_000;

/// Reason why a process cannot work on this database.
#[derive(Debug, thiserror::Error)]
pub enum ZoneError {
    #[error(
        "The business time zone of this database is {stored}, but this process is configured with {configured}. \
         Set NEWBEE_TIME_ZONE={stored} or unset it. To change the zone of the database: newbee zone change {configured}"
    )]
    Differs { stored: String, configured: Tz },
    #[error(
        "The business time zone of this database, {stored}, is unknown to this version of newbee. Use a newer one."
    )]
    Unknown { stored: String },
    #[error("The business time zone of the database could not be read")]
    Database(#[from] sqlx::Error),
}

/// Returns the business time zone of the installation. At the first start, stores the configured zone, or else
/// [`DEFAULT_ZONE`].
///
/// # Errors
/// [`ZoneError`], also if the configured zone differs from the stored one.
pub async fn business_zone(
    connection: &mut PgConnection,
    configured: Option<Tz>,
    now: DateTime<Utc>,
) -> Result<Tz, ZoneError> {
    let stored = match installation::find(&mut *connection).await? {
        Some(installation) => installation.time_zone,
        None => {
            let first = configured.unwrap_or(DEFAULT_ZONE);
            installation::store_first(connection, first.name(), now).await?
        }
    };
    checked(stored, configured)
}

/// Returns the zone for a command, without storing one: the stored zone, else the configured one, else
/// [`DEFAULT_ZONE`].
///
/// # Errors
/// Like [`business_zone`].
pub async fn zone_of_command(connection: &mut PgConnection, configured: Option<Tz>) -> Result<Tz, ZoneError> {
    match installation::find(&mut *connection).await? {
        Some(installation) => checked(installation.time_zone, configured),
        None => Ok(configured.unwrap_or(DEFAULT_ZONE)),
    }
}

fn checked(stored: String, configured: Option<Tz>) -> Result<Tz, ZoneError> {
    match configured {
        Some(configured) if configured.name() != stored => Err(ZoneError::Differs { stored, configured }),
        _ => stored.parse().map_err(|_| ZoneError::Unknown { stored }),
    }
}

/// Returns the stored zone if it differs from the zone of this process; otherwise `None`.
///
/// # Errors
/// If the database fails.
pub async fn changed_zone(pool: &PgPool, zone: Tz) -> sqlx::Result<Option<String>> {
    let stored = installation::find(pool).await?;
    Ok(stored
        .map(|installation| installation.time_zone)
        .filter(|stored| stored != zone.name()))
}

/// Reason why the zone was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZoneRejection {
    #[error("Give a reason of 1 to 500 characters: it is kept in the audit log.")]
    ReasonInvalid,
    #[error(
        "Other newbee processes have database connections open ({sessions}). Stop every newbee process, change the zone, \
         then start them with NEWBEE_TIME_ZONE={zone} or without it."
    )]
    ProcessesRunning { sessions: i64, zone: Tz },
    #[error("Some business days are over but not closed ({count}). Close them first: newbee jobs run close_day")]
    OpenDays { count: i64 },
    #[error(
        "It is {old_day} in {old} and {new_day} in {new} now, so the change would repeat or skip a business day. {when}"
    )]
    OtherDay {
        old: Tz,
        old_day: NaiveDate,
        new: Tz,
        new_day: NaiveDate,
        when: String,
    },
    #[error(
        "The business day {day} is closed or holds awards, although it is {today}. If it was closed by mistake: newbee jobs \
         reopen-days {day} --reason TEXT"
    )]
    DayInTheWay { day: NaiveDate, today: NaiveDate },
}

impl Rejection for ZoneRejection {}

/// Outcome of a change of the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneChange {
    Changed {
        from: String,
    },
    /// The zone was already set.
    Unchanged,
}

/// Changes the business time zone of the installation. Both zones must currently have the same date, so that no
/// business day is repeated or skipped. A dry run makes all checks and changes nothing.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn change_zone(
    pool: &PgPool,
    new: Tz,
    reason: &str,
    dry_run: bool,
    author: &Author,
) -> Result<ZoneChange, Failure<ZoneRejection>> {
    if !is_valid_reason(reason) {
        return Err(ZoneRejection::ReasonInvalid.into());
    }
    let now = author.at;
    let stored = installation::find(pool).await?;
    let stored = stored.map(|installation| installation.time_zone);
    let old: Tz = stored
        .as_deref()
        .and_then(|stored| stored.parse().ok())
        .unwrap_or(DEFAULT_ZONE);
    if stored.as_deref() == Some(new.name()) {
        return Ok(ZoneChange::Unchanged);
    }
    let sessions = sessions_of_others(pool).await?;
    if sessions > 0 {
        return Err(ZoneRejection::ProcessesRunning { sessions, zone: new }.into());
    }
    let (old_calendar, new_calendar) = (Calendar::new(old), Calendar::new(new));
    same_day(old_calendar, new_calendar, now)?;
    let today = new_calendar.day_of(now);
    let count = open_days(pool, now, &old_calendar).await?;
    if count > 0 {
        return Err(ZoneRejection::OpenDays { count }.into());
    }
    let mut transaction = pool.begin().await?;
    if installation::lock_time_zone(&mut transaction).await?.is_none() {
        installation::store_first(&mut transaction, old.name(), now).await?;
    }
    if let Some(day) = installation::day_in_the_way(&mut *transaction, today).await? {
        transaction.rollback().await?;
        return Err(ZoneRejection::DayInTheWay { day, today }.into());
    }
    installation::change_time_zone(&mut transaction, new.name(), now).await?;
    let change = Change {
        action: "change_zone",
        subject: "installation".to_owned(),
        user_id: None,
        reason: Some(reason.trim().to_owned()),
        before: Some(json!({ "timeZone": old.name() })),
        after: Some(json!({ "timeZone": new.name() })),
    };
    audit_log::record(&mut transaction, author, &[change]).await?;
    match dry_run {
        true => transaction.rollback().await?,
        false => transaction.commit().await?,
    }
    Ok(ZoneChange::Changed {
        from: old.name().to_owned(),
    })
}

/// Counts the sessions of other processes. Where a pooler shares sessions, they remain when a process ends, so each running
/// process counts as one.
async fn sessions_of_others(pool: &PgPool) -> sqlx::Result<i64> {
    match pool.database().sessions() {
        Sessions::Own => installation::other_sessions(pool).await,
        Sessions::Shared | Sessions::Mixed => {
            let recorded = processes::list(pool, MAX_PROCESSES).await?;
            let alive = recorded.iter().filter(|process| process.is_alive()).count();
            Ok(i64::try_from(alive).unwrap_or(i64::MAX))
        }
    }
}

/// Rejects a change while the two calendars have different dates.
fn same_day(old: Calendar, new: Calendar, now: DateTime<Utc>) -> Result<(), ZoneRejection> {
    let (old_day, new_day) = (old.day_of(now), new.day_of(now));
    if old_day == new_day {
        return Ok(());
    }
    let when = match next_same_day(old, new, now) {
        Some((from, until)) => format!(
            "Change it between {} and {}.",
            from.format("%Y-%m-%d %H:%M UTC"),
            until.format("%Y-%m-%d %H:%M UTC")
        ),
        None => {
            "The two zones never have the same date. Change to a zone between them first, and a day later to this one."
                .to_owned()
        }
    };
    Err(ZoneRejection::OtherDay {
        old: old.time_zone,
        old_day,
        new: new.time_zone,
        new_day,
        when,
    })
}

/// Returns the next period in which two calendars have the same date; `None` if there is none within three days.
fn next_same_day(old: Calendar, new: Calendar, now: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let first = old.day_of(now).min(new.day_of(now));
    first.iter_days().take(4).find_map(|day| {
        let (old_start, new_start) = (old.day_starts_at(day), new.day_starts_at(day));
        let from = old_start.max(new_start).max(now);
        let until = old.next_day_starts_at(old_start).min(new.next_day_starts_at(new_start));
        (from < until).then_some((from, until))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar::new(zone.parse().unwrap())
    }

    #[test]
    fn zones_are_changed_only_while_they_have_the_same_date() {
        let (shanghai, new_york) = (calendar("Asia/Shanghai"), calendar("America/New_York"));
        let now = "2026-11-20T04:00:00Z".parse().unwrap();
        let refusal = same_day(shanghai, new_york, now).unwrap_err().to_string();
        assert!(
            refusal.contains("2026-11-20 in Asia/Shanghai and 2026-11-19 in America/New_York"),
            "{refusal}"
        );
        assert!(
            refusal.contains("between 2026-11-20 05:00 UTC and 2026-11-20 16:00 UTC"),
            "{refusal}"
        );
        assert_eq!(
            same_day(shanghai, new_york, "2026-11-20T05:00:00Z".parse().unwrap()),
            Ok(())
        );
        assert!(same_day(shanghai, new_york, "2026-11-20T16:00:00Z".parse().unwrap()).is_err());
        // 25 hours apart.
        let (east, west) = (calendar("Pacific/Kiritimati"), calendar("Pacific/Niue"));
        assert!(
            same_day(east, west, now)
                .unwrap_err()
                .to_string()
                .contains("between them")
        );
    }
}
