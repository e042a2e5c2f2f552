//! Registering and changing users reported by the host application, one or thousands; an invalid report does not affect
//! the others.

use std::collections::HashMap;

use crate::store::bounded::PgPool;
use serde_json::{Value, json};

use super::{ServiceError, random_bytes};
use crate::domain::audit::{Author, Change};
use crate::domain::id::UserId;
use crate::domain::invitation::{code_from_random, normalise_code};
use crate::domain::user::{UserRejection, UserReport};
use crate::store::audit_log;
use crate::store::transaction::{AsSqlError, retrying_idempotent};
use crate::store::users::{self, CodedReport, RegisteredRow};

/// Maximum number of users per transaction. The statement compares them with each other, so its time is quadratic: ten
/// thousand users in chunks of 200 take a tenth of the time that they take in chunks of 1,000.
const CHUNK: usize = 200;
/// Maximum number of attempts per chunk. With a million users, a random code is already taken once in a million
/// attempts, and a lost race means that the other call succeeded; so this number of failures in a row has another
/// cause.
const TRIES: u32 = 20;

/// Outcome of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterOutcome {
    Registered,
    Updated,
    /// The stored values equal the reported ones.
    Unchanged,
}

/// Handling of existing users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Change,
    Refuse,
}

type Outcome = Result<RegisterOutcome, UserRejection>;

/// Registers new users and changes existing ones; the outcomes are in the order of the reports. Idempotent. After a
/// database error, completed chunks stay committed, and repeating the call does the rest.
///
/// # Errors
/// If the database fails. Rejections are in the outcomes.
pub async fn register_users(
    pool: &PgPool,
    reports: &[UserReport],
    existing: Existing,
    author: &Author,
) -> Result<Vec<Outcome>, ServiceError> {
    let reports: Vec<UserReport> = reports.iter().map(UserReport::in_display_form).collect();
    let reports = &reports[..];
    let mut outcomes: Vec<Option<Outcome>> = reports.iter().map(|report| report.check().err().map(Err)).collect();
    let first_of = first_reports(reports, &mut outcomes);
    let good: Vec<usize> = (0..reports.len())
        .filter(|&place| outcomes[place].is_none() && first_of[place] == place)
        .collect();
    for chunk in good.chunks(CHUNK) {
        let asked: Vec<&UserReport> = chunk.iter().map(|&place| &reports[place]).collect();
        let done = register_chunk(pool, &asked, existing, author).await?;
        for &place in chunk {
            outcomes[place] = Some(
                done.get(&reports[place].user_id)
                    .copied()
                    .ok_or(ServiceError::InconsistentData("a reported user has no outcome"))?,
            );
        }
    }
    // A report that is identical to an earlier one has the same outcome.
    Ok((0..reports.len())
        .map(|place| {
            outcomes[place]
                .or(outcomes[first_of[place]])
                .unwrap_or(Err(UserRejection::Repeated))
        })
        .collect())
}

/// Returns the index of the first report of each user. A later report with different values, or with a code requested
/// by an earlier report of another user, is rejected.
fn first_reports(reports: &[UserReport], outcomes: &mut [Option<Outcome>]) -> Vec<usize> {
    let mut by_user: HashMap<UserId, usize> = HashMap::new();
    let mut by_code: HashMap<String, usize> = HashMap::new();
    (0..reports.len())
        .map(|place| {
            if outcomes[place].is_some() {
                return place;
            }
            let first = *by_user.entry(reports[place].user_id).or_insert(place);
            let code = reports[place].code.as_deref().and_then(normalise_code);
            if first != place && reports[first] != reports[place] {
                outcomes[place] = Some(Err(UserRejection::Repeated));
            } else if let Some(code) = code
                && reports[*by_code.entry(code).or_insert(place)].user_id != reports[place].user_id
            {
                outcomes[place] = Some(Err(UserRejection::CodeRefused));
            }
            first
        })
        .collect()
}

async fn register_chunk(
    pool: &PgPool,
    asked: &[&UserReport],
    existing: Existing,
    author: &Author,
) -> Result<HashMap<UserId, Outcome>, ServiceError> {
    let mut done = HashMap::new();
    let mut waiting = asked.to_vec();
    for _ in 0..TRIES {
        let registered = retrying_idempotent!(attempts, async {
            let rows = register_in_transaction(pool, &waiting, existing, author).await?;
            Ok((rows, attempts.may_be_done()))
        });
        match registered {
            Ok((rows, may_be_done)) => done.extend(
                rows.iter()
                    .filter_map(|row| Some((UserId(row.user_id), outcome(row, existing, may_be_done)?))),
            ),
            // A concurrent call took a code or added a user between the read and the write: retry.
            Err(error) if is_unique_violation(&error) => {}
            Err(error) => return Err(error),
        }
        waiting.retain(|report| !done.contains_key(&report.user_id));
        if waiting.is_empty() {
            return Ok(done);
        }
    }
    Err(ServiceError::InconsistentData("users can be neither found nor added"))
}

async fn register_in_transaction(
    pool: &PgPool,
    asked: &[&UserReport],
    existing: Existing,
    author: &Author,
) -> Result<Vec<RegisteredRow>, ServiceError> {
    let coded: Vec<_> = asked
        .iter()
        .map(|report| CodedReport {
            report,
            normalised_code: report.code.as_deref().and_then(normalise_code),
            // A random code equals its normalised form.
            random_code: code_from_random(random_bytes()),
        })
        .collect();
    let mut transaction = pool.begin().await?;
    let rows = users::register(&mut transaction, &coded, existing == Existing::Change, author.at).await?;
    let changes: Vec<_> = rows
        .iter()
        .filter(|row| row.added || row.changed)
        .map(audit_entry)
        .collect();
    audit_log::record(&mut transaction, author, &changes).await?;
    transaction.commit().await?;
    Ok(rows)
}

/// Returns `None` if a race was lost or a random code was taken. With `may_be_done`, an earlier attempt at the same
/// call may have been committed: a row written at its instant is then its outcome.
fn outcome(row: &RegisteredRow, existing: Existing, may_be_done: bool) -> Option<Outcome> {
    match row {
        RegisteredRow { added: true, .. } => Some(Ok(RegisterOutcome::Registered)),
        RegisteredRow { erased: true, .. } => Some(Err(UserRejection::UserErased)),
        RegisteredRow { added_now: true, .. } if may_be_done => Some(Ok(RegisterOutcome::Registered)),
        RegisteredRow {
            changed_now: true,
            code_refused: false,
            ..
        } if may_be_done && existing == Existing::Change => Some(Ok(RegisterOutcome::Updated)),
        RegisteredRow { existed: true, .. } if existing == Existing::Refuse => Some(Err(UserRejection::UserExists)),
        RegisteredRow { code_refused: true, .. } => Some(Err(UserRejection::CodeRefused)),
        RegisteredRow { changed: true, .. } => Some(Ok(RegisterOutcome::Updated)),
        RegisteredRow { existed: true, .. } => Some(Ok(RegisterOutcome::Unchanged)),
        _ => None,
    }
}

fn audit_entry(row: &RegisteredRow) -> Change {
    let before = json!({ "name": row.old_name, "portraitUri": row.old_portrait_uri, "class": row.old_class });
    let mut after = json!({ "name": row.name, "portraitUri": row.portrait_uri, "class": row.class });
    if row.added {
        after["code"] = Value::from(row.code.as_str());
    }
    Change {
        action: if row.added { "register_user" } else { "update_user" },
        subject: format!("user:{}", row.user_id),
        user_id: Some(UserId(row.user_id)),
        reason: None,
        before: (!row.added).then_some(before),
        after: Some(after),
    }
}

fn is_unique_violation(error: &ServiceError) -> bool {
    let error = error.as_sql_error().and_then(sqlx::Error::as_database_error);
    error.is_some_and(|error| error.is_unique_violation())
}
