//! Webhooks: endpoints of the host application, and the sending of changes to them.
//!
//! An endpoint has a position in the log of [`host_feed`](super::host_feed). The job `deliver_events` sends the changes
//! after it in batches, one after the other, so the changes of a user arrive in their order. A batch is chosen and stored
//! before it is sent: every attempt sends the same changes under the same ID, and a process that dies in between is
//! followed by another attempt.

pub mod client;
pub mod delivery;
mod payload;
pub mod signature;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::host_feed::{self, check_position};
use super::{Applied, Failure, ServiceError, random_bytes};
use crate::domain::audit::{Author, Change};
use crate::domain::correction::is_valid_reason;
use crate::domain::endpoint::{EndpointRejection, EndpointSecret, SECRETS_OVERLAP, is_valid_name};
use crate::domain::host_event::{EventId, HostEventKind};
use crate::domain::rejection::change::ChangeRejection;
use crate::store::bounded::{PgConnection, PgPool, PgTransaction};
use crate::store::host_deliveries;
use crate::store::host_endpoints::{self, NewEndpoint};
use crate::store::{audit_log, host_feed as log};

pub use crate::store::host_deliveries::DeadLetter;
pub use crate::store::host_endpoints::EndpointRow;
use client::Target;

/// Longest time for which the previous secret can sign too.
const MAX_OVERLAP: TimeDelta = TimeDelta::days(7);
/// Maximum number of dead letters that are listed.
const LISTED_LETTERS: i64 = 100;

/// Definition of a new endpoint.
#[derive(Clone, Debug)]
pub struct EndpointTerms {
    pub name: String,
    pub url: String,
    /// `None`: all kinds.
    pub kinds: Option<Vec<HostEventKind>>,
    /// True allows private addresses, and `http`. Only the command line may set it.
    pub allows_private: bool,
    /// Delivers the changes after this one; `None`: from now on.
    pub after: Option<EventId>,
    pub reason: String,
}

/// A change that is not committed yet, with the secret of the endpoint: [`NewSecret::keep`] commits it. So the secret can
/// be shown first.
pub struct NewSecret {
    pub secret: EndpointSecret,
    pub endpoint: EndpointRow,
    transaction: PgTransaction<'static>,
}

impl NewSecret {
    /// Commits the change.
    ///
    /// # Errors
    /// If the database fails; nothing is changed then.
    pub async fn keep(self) -> Result<(EndpointSecret, EndpointRow), ServiceError> {
        self.transaction.commit().await?;
        Ok((self.secret, self.endpoint))
    }
}

/// Creates an endpoint, and puts the feed into use.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn create(
    pool: &PgPool,
    terms: &EndpointTerms,
    author: &Author,
) -> Result<NewSecret, Failure<EndpointRejection>> {
    check_reason(&terms.reason)?;
    if !is_valid_name(&terms.name) {
        return Err(EndpointRejection::NameInvalid.into());
    }
    if terms.kinds.as_ref().is_some_and(Vec::is_empty) {
        return Err(EndpointRejection::NoKind.into());
    }
    let target = Target::parse(&terms.url, terms.allows_private)?;
    // An unknown host may become known later; every request checks its address.
    if let Err(client::SendError::PrivateAddress) = target.addresses().await {
        return Err(EndpointRejection::AddressPrivate.into());
    }
    host_feed::begin(pool, author.at).await?;
    host_feed::catch_up(pool, author.at).await?;
    let bounds = log::bounds(pool).await?;
    let after = terms.after.unwrap_or(bounds.latest);
    check_position(&bounds, after).map_err(EndpointRejection::from)?;
    let secret = EndpointSecret(random_bytes());
    let kinds: Option<Vec<String>> = terms
        .kinds
        .as_ref()
        .map(|kinds| kinds.iter().map(|kind| kind.name().to_owned()).collect());
    let new = NewEndpoint {
        name: &terms.name,
        url: terms.url.trim(),
        kinds: kinds.as_deref(),
        allows_private: terms.allows_private,
        secret: &secret.0,
        delivered_through: after,
        created_by: &author.name,
        reason: terms.reason.trim(),
        at: author.at,
    };
    let mut transaction = pool.begin().await?;
    if !host_endpoints::insert(&mut transaction, &new).await? {
        return Err(EndpointRejection::NameTaken.into());
    }
    let endpoint = locked(&mut transaction, &terms.name).await?;
    record(
        &mut transaction,
        author,
        "create_endpoint",
        &terms.reason,
        None,
        &endpoint,
    )
    .await?;
    Ok(NewSecret {
        secret,
        endpoint,
        transaction,
    })
}

/// Replaces the secret of an endpoint. The previous one signs too for a while, 24 hours unless another time is given.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn rotate_secret(
    pool: &PgPool,
    name: &str,
    overlap: Option<TimeDelta>,
    reason: &str,
    author: &Author,
) -> Result<NewSecret, Failure<EndpointRejection>> {
    check_reason(reason)?;
    let overlap = overlap.unwrap_or(SECRETS_OVERLAP);
    if overlap < TimeDelta::zero() || overlap > MAX_OVERLAP {
        return Err(EndpointRejection::OverlapInvalid.into());
    }
    let secret = EndpointSecret(random_bytes());
    let mut transaction = pool.begin().await?;
    let before = locked(&mut transaction, name).await?;
    let until = author.at + overlap;
    host_endpoints::set_secret(&mut transaction, before.endpoint_id, &secret.0, until, author.at).await?;
    let endpoint = locked(&mut transaction, name).await?;
    record(
        &mut transaction,
        author,
        "rotate_endpoint",
        reason,
        Some(&before),
        &endpoint,
    )
    .await?;
    Ok(NewSecret {
        secret,
        endpoint,
        transaction,
    })
}

/// Disables an endpoint, or enables it again: it then continues where it was.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn set_enabled(
    pool: &PgPool,
    name: &str,
    enabled: bool,
    reason: &str,
    author: &Author,
) -> Result<Applied<EndpointRow>, Failure<EndpointRejection>> {
    check_reason(reason)?;
    let mut transaction = pool.begin().await?;
    let before = locked(&mut transaction, name).await?;
    if before.disabled_reason.is_none() == enabled {
        return Ok(Applied::before(before));
    }
    let (action, why) = match enabled {
        true => ("enable_endpoint", None),
        false => ("disable_endpoint", Some(format!("{}: {}", author.name, reason.trim()))),
    };
    host_endpoints::set_state(&mut transaction, before.endpoint_id, why.as_deref(), author.at).await?;
    let after = locked(&mut transaction, name).await?;
    record(&mut transaction, author, action, reason, Some(&before), &after).await?;
    transaction.commit().await?;
    Ok(Applied::now(after))
}

/// Delivers the changes after a position again, and those that were given up after it.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn redeliver(
    pool: &PgPool,
    name: &str,
    after: EventId,
    reason: &str,
    author: &Author,
) -> Result<Applied<EndpointRow>, Failure<EndpointRejection>> {
    check_reason(reason)?;
    let bounds = log::bounds(pool).await?;
    check_position(&bounds, after).map_err(EndpointRejection::from)?;
    let mut transaction = pool.begin().await?;
    let before = locked(&mut transaction, name).await?;
    host_endpoints::set_position(&mut transaction, before.endpoint_id, after, author.at).await?;
    let endpoint = locked(&mut transaction, name).await?;
    record(&mut transaction, author, "redeliver", reason, Some(&before), &endpoint).await?;
    transaction.commit().await?;
    Ok(Applied::now(endpoint))
}

/// Result of a test message.
#[derive(Clone, Debug)]
pub struct TestReply {
    /// HTTP status; `None` if there was no reply.
    pub status: Option<u16>,
    /// Reason of the failure; `None` if the message was accepted.
    pub error: Option<String>,
}

/// Sends a test message to an endpoint, also to a disabled one.
///
/// # Errors
/// If there is no such endpoint, or the database fails. A failure to send is the result.
pub async fn send_test(pool: &PgPool, name: &str, now: DateTime<Utc>) -> Result<TestReply, Failure<EndpointRejection>> {
    let Some(endpoint) = host_endpoints::find(pool, name).await? else {
        return Err(EndpointRejection::Unknown.into());
    };
    let id = format!(
        "test_{}_{:016x}",
        endpoint.endpoint_id,
        u64::from_ne_bytes(random_bytes())
    );
    let sent = delivery::send(&endpoint, &id, payload::test(&endpoint.name, now), now).await;
    Ok(TestReply {
        status: sent.as_ref().ok().copied(),
        error: (!matches!(sent, Ok(200..=299))).then(|| delivery::why_failed(&sent)),
    })
}

/// Returns all endpoints, by name.
///
/// # Errors
/// If the database fails.
pub async fn list(pool: &PgPool) -> Result<Vec<EndpointRow>, ServiceError> {
    Ok(host_endpoints::list(pool).await?)
}

/// Returns the latest batches of an endpoint that were given up, newest first.
///
/// # Errors
/// If the database fails.
pub async fn dead_letters(pool: &PgPool, endpoint_id: i64) -> Result<Vec<DeadLetter>, ServiceError> {
    Ok(host_deliveries::dead_letters(pool, endpoint_id, LISTED_LETTERS).await?)
}

fn check_reason(reason: &str) -> Result<(), EndpointRejection> {
    match is_valid_reason(reason) {
        true => Ok(()),
        false => Err(ChangeRejection::ReasonInvalid.into()),
    }
}

async fn locked(transaction: &mut PgConnection, name: &str) -> Result<EndpointRow, Failure<EndpointRejection>> {
    let found = host_endpoints::find_for_update(transaction, name).await?;
    found.ok_or_else(|| EndpointRejection::Unknown.into())
}

/// Records a change in the audit log, without the secrets.
async fn record(
    transaction: &mut PgConnection,
    author: &Author,
    action: &'static str,
    reason: &str,
    before: Option<&EndpointRow>,
    after: &EndpointRow,
) -> sqlx::Result<()> {
    let change = Change {
        action,
        subject: format!("endpoint:{}", after.name),
        user_id: None,
        reason: Some(reason.trim().to_owned()),
        before: before.map(audit_value),
        after: Some(audit_value(after)),
    };
    audit_log::record(transaction, author, &[change]).await
}

fn audit_value(endpoint: &EndpointRow) -> Value {
    json!({
        "url": endpoint.url,
        "kinds": endpoint.kinds,
        "allowsPrivate": endpoint.allows_private,
        "disabledReason": endpoint.disabled_reason,
        "position": EventId(endpoint.delivered_through).to_string(),
        "previousSecretUntil": endpoint.old_secret_until,
    })
}
