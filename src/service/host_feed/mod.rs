//! The feed of changes for the host application: copying of changes into its log, and pages of the log.
//!
//! Nothing is copied until the feed is first read. From then on readers copy: each page, and each run of
//! `deliver_events`, is preceded by steps of copying, of which any number of processes may try one at a time. A request
//! that changes awards does no work for the feed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{Failure, ServiceError};
use crate::domain::host_event::{EventId, EventTotal, HostEvent, HostEventKind, PositionRejection};
use crate::store::bounded::PgPool;
use crate::store::host_feed::{self, Feed, LogBounds};

/// Maximum number of users or queued changes that one step copies of each source.
const STEP: i64 = 2_000;
/// Award and audit IDs that are looked at again, for transactions that commit later than others with greater IDs.
const RECENT_IDS: i64 = 5_000;
/// Greatest number of new awards that are searched for users; a sweep over all users is cheaper than more of them.
const MAX_NEW_IDS: i64 = 100_000;
/// Ledger entries of this time are looked at again, for batches that commit later than others.
const RECENT_ENTRIES: TimeDelta = TimeDelta::seconds(5);
/// Greatest age of ledger entries that are searched for users.
const MAX_ENTRY_AGE: TimeDelta = TimeDelta::minutes(5);
/// Number of users whose state is noted in one transaction when the feed is first used.
const NOTED: i64 = 20_000;
/// Time between two looks whether another process has put the feed into use.
const BEGINNING: Duration = Duration::from_millis(50);
/// Time for which one page waits for copying.
const COPYING: Duration = Duration::from_secs(2);

/// Result of one step of copying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Number of new events.
    pub copied: i64,
    /// True if another step is likely to find more.
    pub has_more: bool,
    /// Number of sweeps over all users that are complete: a change that was committed before a sweep began is copied
    /// when it is complete.
    pub sweeps: i64,
}

/// Copies changes that are not in the log yet, in one transaction. Does nothing while another process does a step, or
/// while the feed is not in use.
///
/// # Errors
/// If the database fails.
pub async fn step(pool: &PgPool, now: DateTime<Utc>) -> Result<Step, ServiceError> {
    let mut transaction = pool.begin().await?;
    let feed = host_feed::lock(&mut transaction).await?;
    let Some(mut feed) = feed.filter(|feed| feed.began_at.is_some()) else {
        transaction.rollback().await?;
        return Ok(Step::default());
    };
    feed.skip_a_long_absence(now);
    // The present sweep may have passed users whose awards it did not see yet, so that the next one counts.
    if host_feed::hold_closings(&mut transaction, feed.sweep_count + 2).await? {
        feed.sweeps_wanted = feed.sweep_count + 2;
    }
    let mut users = host_feed::recent_users(&mut transaction, &feed, STEP).await?;
    let all_recent = users.len() < STEP as usize;
    let swept = host_feed::sweep(&mut transaction, feed.swept_through, STEP).await?;
    let found_by_sweep = !swept.moved.is_empty();
    users.extend(swept.moved);
    let awards = match users.is_empty() {
        true => 0,
        false => host_feed::append(&mut transaction, &users, now).await?,
    };
    if all_recent {
        feed.recent_award = feed.recent_award.max(feed.last_award - RECENT_IDS);
        feed.recent_audit = feed.recent_audit.max(feed.last_audit - RECENT_IDS);
        feed.recent_entry = Some(now - RECENT_ENTRIES);
    }
    feed.swept_through = swept.last.unwrap_or(0);
    feed.sweep_count += i64::from(swept.last.is_none());
    let queued = host_feed::move_queue(&mut transaction, feed.sweep_count, STEP, now).await?;
    host_feed::save(&mut transaction, &feed).await?;
    transaction.commit().await?;
    Ok(Step {
        copied: queued + awards,
        has_more: queued == STEP || !all_recent || found_by_sweep || feed.sweep_count < feed.sweeps_wanted,
        sweeps: feed.sweep_count,
    })
}

impl Feed {
    /// After a time without steps, finds the changes of that time by a sweep.
    fn skip_a_long_absence(&mut self, now: DateTime<Utc>) {
        let oldest_entry = now - MAX_ENTRY_AGE;
        let is_long = self.last_award - self.recent_award > MAX_NEW_IDS
            || self.last_audit - self.recent_audit > MAX_NEW_IDS
            || self.recent_entry.is_none_or(|entry| entry < oldest_entry);
        if is_long {
            self.recent_award = self.recent_award.max(self.last_award - RECENT_IDS);
            self.recent_audit = self.recent_audit.max(self.last_audit - RECENT_IDS);
            self.recent_entry = Some(now - RECENT_ENTRIES);
            self.swept_through = 0;
            self.sweeps_wanted = self.sweeps_wanted.max(self.sweep_count + 1);
        }
    }
}

/// Puts the feed into use, unless it is: notes the present state of all users, so that only later changes are copied.
///
/// # Errors
/// If the database fails.
pub async fn begin(pool: &PgPool, now: DateTime<Utc>) -> Result<(), ServiceError> {
    // A step of copying needs one snapshot of all nodes.
    if pool.database().shards().is_some() {
        return Err(ServiceError::Undistributed(
            "the feed of changes for the host application",
        ));
    }
    loop {
        let mut transaction = pool.begin().await?;
        let Some(feed) = host_feed::lock(&mut transaction).await? else {
            transaction.rollback().await?;
            tokio::time::sleep(BEGINNING).await;
            continue;
        };
        if feed.began_at.is_some() {
            return Ok(transaction.rollback().await?);
        }
        let last = host_feed::note_users(&mut transaction, feed.swept_through, NOTED).await?;
        let began_at = last.is_none().then_some(now);
        host_feed::save_beginning(&mut transaction, began_at, last.unwrap_or(0)).await?;
        transaction.commit().await?;
        if began_at.is_some() {
            tracing::info!("the feed of changes is in use from now on");
            return Ok(());
        }
    }
}

/// Copies until no more is expected, for at most a few seconds.
///
/// # Errors
/// If the database fails.
pub async fn catch_up(pool: &PgPool, now: DateTime<Utc>) -> Result<i64, ServiceError> {
    let began = Instant::now();
    let mut copied = 0;
    loop {
        let step = step(pool, now).await?;
        copied += step.copied;
        if !step.has_more || began.elapsed() > COPYING {
            return Ok(copied);
        }
    }
}

/// Checks that all changes after a position are in the log.
///
/// # Errors
/// The reason why they are not.
pub fn check_position(bounds: &LogBounds, after: EventId) -> Result<(), PositionRejection> {
    if after < bounds.deleted_through {
        let deleted_through = bounds.deleted_through;
        return Err(PositionRejection::TooOld { after, deleted_through });
    }
    if after > bounds.latest {
        let latest = bounds.latest;
        return Err(PositionRejection::Ahead { after, latest });
    }
    Ok(())
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPage {
    pub events: Vec<HostEvent>,
    /// Position after this page: continue here.
    pub position: EventId,
    /// True if there are more events after this page already.
    pub has_more: bool,
}

/// Part of the log to read.
#[derive(Clone, Debug)]
pub struct PageAsk {
    /// `None`: from the oldest event that is kept.
    pub after: Option<EventId>,
    /// `None`: all kinds.
    pub kinds: Option<Vec<HostEventKind>>,
    /// Maximum number of events.
    pub limit: i64,
}

/// Returns the next events, after copying what is not in the log yet. Puts the feed into use.
///
/// # Errors
/// If the position cannot be read from, or the database fails.
pub async fn page(pool: &PgPool, ask: &PageAsk, now: DateTime<Utc>) -> Result<EventPage, Failure<PositionRejection>> {
    let mut bounds = host_feed::bounds(pool).await?;
    if bounds.began_at.is_none() {
        begin(pool, now).await?;
    }
    if catch_up(pool, now).await? > 0 {
        bounds = host_feed::bounds(pool).await?;
    }
    let after = ask.after.unwrap_or(bounds.deleted_through);
    check_position(&bounds, after)?;
    let kinds = ask.kinds.as_deref();
    // One more than asked for, to know whether there are more.
    let mut events = read(pool, after, bounds.latest, kinds, ask.limit + 1).await?;
    let has_more = events.len() as i64 > ask.limit;
    events.truncate(usize::try_from(ask.limit).unwrap_or_default());
    let last = events.last().map_or(after, |last| last.id);
    Ok(EventPage {
        position: if has_more { last } else { bounds.latest },
        events,
        has_more,
    })
}

/// Returns the events after one and up to another, with the totals of closed days.
///
/// # Errors
/// If the database fails.
pub async fn read(
    pool: &PgPool,
    after: EventId,
    through: EventId,
    kinds: Option<&[HostEventKind]>,
    limit: i64,
) -> Result<Vec<HostEvent>, ServiceError> {
    let mut events = host_feed::after(pool, after, through, kinds, limit).await?;
    let days: Vec<NaiveDate> = events
        .iter()
        .filter_map(|event| Some(event.day.as_ref()?.day))
        .collect();
    if !days.is_empty() {
        let mut totals: BTreeMap<NaiveDate, Vec<EventTotal>> = BTreeMap::new();
        for (day, total) in host_feed::day_totals(pool, &days).await? {
            totals.entry(day).or_default().push(total);
        }
        for day in events.iter_mut().filter_map(|event| event.day.as_mut()) {
            day.totals = totals.get(&day.day).cloned().unwrap_or_default();
        }
    }
    Ok(events)
}
