//! Grants of awards by operators: all awards of a grant are created in one transaction, or none. A grant above the
//! configured sum waits for a second author.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use super::{Applied, Failure, ServiceError};
use crate::domain::audit::{Author, Change};
use crate::domain::business_day::BusinessTime;
use crate::domain::correction::is_valid_reason;
use crate::domain::grant::{
    APPROVAL_TIME, ApprovalLimit, GrantLineRejection, GrantRejection, GrantRequest, GrantState, GrantSum,
};
use crate::domain::money::wire_amount;
use crate::domain::rejection::change::ChangeRejection;
use crate::store::award_changes::notify_later;
use crate::store::bounded::{PgConnection, PgPool};
use crate::store::grants::{GrantRecord, LinePosition};
use crate::store::transaction::retrying_idempotent;
use crate::store::{audit_log, grants, users};

/// Maximum number of awards that one statement creates.
const LINES_AT_ONCE: usize = 1_000;

/// Outcome of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantOutcome {
    /// `None` for a dry run, or if lines were refused.
    pub grant: Option<GrantRecord>,
    /// Sums per coin of the lines that were not refused.
    pub sums: Vec<GrantSum>,
    /// True if the grant waits, or would wait, for an approval.
    pub needs_approval: bool,
    /// True if an earlier request made the grant.
    pub repeated: bool,
    /// Refused lines by index. If there is any, nothing was granted.
    pub refused: BTreeMap<usize, GrantLineRejection>,
}

/// Grants awards as of `now`, or stores the grant until a second author approves it. The same key with the same
/// content returns the first result. A dry run makes all checks and writes nothing.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn grant_awards(
    pool: &PgPool,
    request: &GrantRequest,
    limit: ApprovalLimit,
    author: &Author,
    now: BusinessTime,
    dry_run: bool,
) -> Result<GrantOutcome, Failure<GrantRejection>> {
    request.check()?;
    let outcome = retrying_idempotent!(attempts, {
        let may_be_done = attempts.may_be_done();
        grant_in_transaction(pool, request, limit, author, now, dry_run, may_be_done)
    })?;
    if outcome
        .grant
        .as_ref()
        .is_some_and(|grant| grant.state == GrantState::Granted)
        && !outcome.repeated
    {
        notify_later(pool);
    }
    Ok(outcome)
}

async fn grant_in_transaction(
    pool: &PgPool,
    request: &GrantRequest,
    limit: ApprovalLimit,
    author: &Author,
    now: BusinessTime,
    dry_run: bool,
    may_be_done: bool,
) -> Result<GrantOutcome, Failure<GrantRejection>> {
    let mut transaction = pool.begin().await?;
    // Sums of a day are compared with the limit, so the grants of one author are made one after the other.
    grants::lock_author(&mut transaction, &author.name).await?;
    if let Some(earlier) = grants::find_by_key(&mut *transaction, &request.idempotency_key).await? {
        return repeat(&mut transaction, request, earlier, author, may_be_done).await;
    }
    let users: HashSet<i64> = request.lines.iter().map(|line| line.user_id.0).collect();
    let users: Vec<i64> = users.into_iter().collect();
    let known = users::hold_all(&mut transaction, &users).await?;
    let known: HashSet<i64> = known.into_iter().collect();
    let refused = request.refused_lines(|user| known.contains(&user.0));
    let sums = request.sums(&refused);
    let needs_approval = match limit.0 {
        Some(limit) => grants::largest_sum_of_day(&mut *transaction, &author.name, now.day, &sums).await? > limit,
        None => false,
    };
    let mut outcome = GrantOutcome {
        grant: None,
        sums,
        needs_approval,
        repeated: false,
        refused,
    };
    if dry_run || !outcome.refused.is_empty() {
        return Ok(outcome);
    }
    let expires_at = needs_approval.then(|| author.at + APPROVAL_TIME);
    let inserted = grants::insert(&mut *transaction, request, author, now.day, expires_at).await?;
    let Some(mut grant) = inserted else {
        // A concurrent request of another author has used the key.
        let earlier = grants::find_by_key(&mut *transaction, &request.idempotency_key).await?;
        let earlier = earlier.ok_or(ServiceError::InconsistentData(
            "the key of a grant is taken but has no row",
        ))?;
        return repeat(&mut transaction, request, earlier, author, may_be_done).await;
    };
    for (chunk, lines) in request.lines.chunks(LINES_AT_ONCE).enumerate() {
        grants::insert_lines(&mut transaction, grant.grant_id, chunk * LINES_AT_ONCE + 1, lines).await?;
    }
    grants::insert_sums(&mut *transaction, grant.grant_id, &outcome.sums).await?;
    if !needs_approval {
        let awards = award_all(&mut transaction, &grant, now).await?;
        grant = grants::conclude(&mut *transaction, grant.grant_id, GrantState::Granted, awards, None).await?;
    }
    let entry = change("grant_awards", &grant, None, audit_value(&grant, &outcome.sums));
    audit_log::record(&mut transaction, author, &[entry]).await?;
    transaction.commit().await?;
    outcome.grant = Some(grant);
    Ok(outcome)
}

/// Returns the result of an earlier request with the same key.
async fn repeat(
    connection: &mut PgConnection,
    request: &GrantRequest,
    earlier: GrantRecord,
    author: &Author,
    may_be_done: bool,
) -> Result<GrantOutcome, Failure<GrantRejection>> {
    if earlier.content_hash != request.content_hash() {
        return Err(GrantRejection::GrantConflict.into());
    }
    // An attempt of this same request whose result was lost is not an earlier request.
    let is_own =
        earlier.requested_by == author.name && (earlier.requested_at - author.at).num_microseconds() == Some(0);
    Ok(GrantOutcome {
        sums: grants::sums(connection, earlier.grant_id).await?,
        needs_approval: earlier.expires_at.is_some(),
        repeated: !(may_be_done && is_own),
        refused: BTreeMap::new(),
        grant: Some(earlier),
    })
}

/// Creates the awards of a grant and returns their number.
async fn award_all(connection: &mut PgConnection, grant: &GrantRecord, now: BusinessTime) -> sqlx::Result<i64> {
    let (mut awards, mut after) = (0, Some(LinePosition::default()));
    while let Some(position) = after {
        let limit = LINES_AT_ONCE as i64;
        let (made, next) =
            grants::award_lines(connection, grant.grant_id, &grant.requested_by, now, position, limit).await?;
        awards += made;
        after = next;
    }
    Ok(awards)
}

/// Decision about a grant that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    Approve,
    Reject { reason: &'a str },
}

/// Decides about a grant that waits: an approval by another author creates its awards, a rejection ends it. Repeating
/// one's own decision changes nothing.
///
/// # Errors
/// If the decision is rejected, or the database fails.
pub async fn decide_grant(
    pool: &PgPool,
    id: i64,
    decision: Decision<'_>,
    author: &Author,
    now: BusinessTime,
) -> Result<Applied<GrantRecord>, Failure<GrantRejection>> {
    if let Decision::Reject { reason } = decision
        && !is_valid_reason(reason)
    {
        return Err(GrantRejection::from(ChangeRejection::ReasonInvalid).into());
    }
    let decided = retrying_idempotent!(decide_in_transaction(pool, id, decision, author, now))?;
    if decided.state.state == GrantState::Granted && decided.changed {
        notify_later(pool);
    }
    Ok(decided)
}

async fn decide_in_transaction(
    pool: &PgPool,
    id: i64,
    decision: Decision<'_>,
    author: &Author,
    now: BusinessTime,
) -> Result<Applied<GrantRecord>, Failure<GrantRejection>> {
    let mut transaction = pool.begin().await?;
    let grant = grants::lock(&mut *transaction, id)
        .await?
        .ok_or(GrantRejection::GrantUnknown)?;
    let (state, action, reason) = match decision {
        Decision::Approve => (GrantState::Granted, "approve_grant", None),
        Decision::Reject { reason } => (GrantState::Rejected, "reject_grant", Some(reason.trim())),
    };
    if grant.state == state && grant.decided_by.as_ref() == Some(&author.name) {
        return Ok(Applied::before(grant));
    }
    match grant.state.at(now.at, grant.expires_at) {
        GrantState::Waiting => {}
        GrantState::Expired => return Err(GrantRejection::GrantExpired.into()),
        other => {
            let state = other.name().to_owned();
            return Err(GrantRejection::GrantDecided { state }.into());
        }
    }
    // An author may withdraw their own grant.
    if state == GrantState::Granted && grant.requested_by == author.name {
        return Err(GrantRejection::SecondKeyNeeded.into());
    }
    let awards = match state {
        GrantState::Granted => award_all(&mut transaction, &grant, now).await?,
        _ => 0,
    };
    let decided = grants::conclude(&mut *transaction, id, state, awards, Some((author, reason))).await?;
    let sums = grants::sums(&mut *transaction, id).await?;
    let before = audit_value(&grant, &sums);
    let entry = Change {
        reason: reason.map(str::to_owned),
        ..change(action, &decided, Some(before), audit_value(&decided, &sums))
    };
    audit_log::record(&mut transaction, author, &[entry]).await?;
    transaction.commit().await?;
    Ok(Applied::now(decided))
}

fn change(action: &'static str, grant: &GrantRecord, before: Option<Value>, after: Value) -> Change {
    Change {
        action,
        subject: format!("grant:{}", grant.grant_id),
        user_id: None,
        reason: Some(grant.reason.clone()),
        before,
        after: Some(after),
    }
}

/// Returns the audit log's representation of a grant.
fn audit_value(grant: &GrantRecord, sums: &[GrantSum]) -> Value {
    let sums: Vec<_> = sums
        .iter()
        .map(|sum| json!({ "coinId": sum.coin_id, "lines": sum.line_count, "amount": wire_amount(sum.amount) }))
        .collect();
    json!({
        "state": grant.state.name(),
        "awards": grant.award_count,
        "sums": sums,
        "expiresAt": grant.expires_at,
    })
}
