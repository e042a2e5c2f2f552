//! Bridging a day after an outage of ours: nobody's streak ends because of it. The day itself is one row, which sign-ins
//! and reads take into account; streaks that ended and began again before the day was bridged are mended in batches.
//!
//! The day cannot be unbridged: bonuses may have been paid. Repeating the call mends what an interrupted one left.

use chrono::NaiveDate;
use serde_json::json;

use super::correct_awards::Mode;
use super::reached_bonuses::{self, Reached};
use super::{Failure, ServiceError};
use crate::domain::audit::{Author, Change};
use crate::domain::bridge::{self, BridgeRejection};
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::id::UserId;
use crate::domain::rule::Rule;
use crate::domain::streak::earliest_last_days;
use crate::store::award_changes::notify_later;
use crate::store::bounded::PgPool;
use crate::store::bridges::{self, Gap};
use crate::store::transaction::retrying_idempotent;
use crate::store::{audit_log, rules, sign_ins};

/// Number of users whose streaks are mended in one transaction.
const BATCH: i64 = 500;
/// Number of transactions of one call.
const BATCHES: usize = 20;

/// Request to bridge a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeRequest {
    pub day: NaiveDate,
    pub reason: String,
    pub mode: Mode,
}

/// Result of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bridged {
    /// True if the day was not bridged before.
    pub changed: bool,
    /// Number of streaks that ended before the day and go on if the user signs in today.
    pub kept: i64,
    /// Number of streaks that had begun again and were joined with those before the day; of a dry run, those that would
    /// be.
    pub mended: i64,
    /// Number of bonuses paid for lengths that the mended streaks reached.
    pub bonuses: i64,
    /// Number of freezes that had covered the day.
    pub freed: i64,
    /// False if there are more streaks to mend: repeat the call.
    pub complete: bool,
}

/// Bridges a day and mends streaks, at most [`BATCHES`] times [`BATCH`]. A dry run counts them and changes nothing.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn bridge_day(
    pool: &PgPool,
    calendar: Calendar,
    request: &BridgeRequest,
    author: &Author,
    now: BusinessTime,
) -> Result<Bridged, Failure<BridgeRejection>> {
    bridge::check(request.day, &request.reason, now.day)?;
    let (mut bridged, gap) = retrying_idempotent!(bridge_in_transaction(pool, calendar, request, author, now))?;
    if request.mode == Mode::DryRun {
        return Ok(bridged);
    }
    for _ in 0..BATCHES {
        let batch = retrying_idempotent!(mend_batch(pool, &gap, author, now))?;
        bridged.mended += batch.mended;
        bridged.bonuses += batch.bonuses;
        bridged.freed += batch.freed;
        bridged.complete = batch.complete;
        if batch.bonuses > 0 {
            notify_later(pool);
        }
        if batch.complete {
            break;
        }
    }
    Ok(bridged)
}

async fn bridge_in_transaction(
    pool: &PgPool,
    calendar: Calendar,
    request: &BridgeRequest,
    author: &Author,
    now: BusinessTime,
) -> Result<(Bridged, Gap), ServiceError> {
    let day = request.day;
    let mut transaction = pool.begin().await?;
    let known = bridges::days(&mut *transaction).await?.contains(&day);
    if !known && request.mode == Mode::Commit {
        bridges::exclude_sign_ins(&mut transaction).await?;
    }
    let changed = bridges::insert(&mut *transaction, day, request.reason.trim(), author).await?;
    let days = bridges::days(&mut *transaction).await?;
    let gap = Gap::around(day, &days);
    if request.mode == Mode::DryRun {
        let earliest = earliest_last_days(calendar.day_before(now.day), &days, 0)[0];
        let before = day.pred_opt().unwrap_or(day);
        let bridged = Bridged {
            changed,
            kept: bridges::count_ended(&mut *transaction, earliest, before).await?,
            mended: bridges::count_broken(&mut *transaction, &gap).await?,
            complete: true,
            ..Bridged::default()
        };
        transaction.rollback().await?;
        return Ok((bridged, gap));
    }
    if changed {
        let entry = Change {
            action: "bridge_day",
            subject: format!("day:{day}"),
            user_id: None,
            reason: Some(request.reason.trim().to_owned()),
            before: None,
            after: Some(json!({ "bridged": true })),
        };
        audit_log::record(&mut transaction, author, &[entry]).await?;
    }
    // Sign-ins wait for this transaction, so it is short: what it keeps alive is counted afterwards.
    transaction.commit().await?;
    let earliest = earliest_last_days(calendar.day_before(now.day), &days, 0)[0];
    let kept = bridges::count_ended(pool, earliest, day.pred_opt().unwrap_or(day)).await?;
    let bridged = Bridged {
        changed,
        kept,
        ..Bridged::default()
    };
    Ok((bridged, gap))
}

/// Mends the streaks of a batch of users, and gives freezes back to another.
async fn mend_batch(pool: &PgPool, gap: &Gap, author: &Author, now: BusinessTime) -> Result<Bridged, ServiceError> {
    let mut transaction = pool.begin().await?;
    let users = bridges::lock_broken(&mut transaction, gap, BATCH).await?;
    let mended = bridges::mend(&mut *transaction, &users).await?;
    let mut bonuses = 0;
    let rules: Vec<Rule> = match mended.is_empty() {
        true => Vec::new(),
        false => reached_bonuses::bonus_rules(&mut transaction, now).await?,
    };
    for streak in mended.iter().filter(|streak| !streak.is_erased) {
        let reached = Reached {
            user_id: UserId(streak.user_id),
            first_day: streak.first_day,
            // Both parts reached their own lengths before.
            above: streak.length_before.max(streak.length - streak.length_before),
            length: streak.length,
        };
        let paid = reached_bonuses::pay(&mut transaction, &rules, reached, now, Some(&author.name)).await?;
        bonuses += paid.len() as i64;
    }
    let rule = rules::current_rule(&mut *transaction, sign_ins::ITEM).await?;
    let freezes = rule.and_then(|rule| rule.terms.forgiveness.freezes());
    let most = freezes.map_or(0, |freezes| freezes.most);
    let freed = bridges::give_freezes_back(&mut transaction, gap.day, most, BATCH).await?;
    transaction.commit().await?;
    // Users whose streak could not be joined would be found again.
    let is_last = (users.len() as i64) < BATCH || mended.is_empty();
    Ok(Bridged {
        mended: mended.len() as i64,
        bonuses,
        freed,
        complete: is_last && freed < BATCH,
        ..Bridged::default()
    })
}
