//! Sending of one message, and of the next batch of an endpoint.

use chrono::{DateTime, Utc};

use super::client::{SendError, Target};
use super::{EndpointRow, payload, signature};
use crate::domain::endpoint::{BatchRange, MAX_BATCH, retry_after};
use crate::domain::host_event::{EventId, HostEventKind};
use crate::service::host_feed;
use crate::service::jobs::JobContext;
use crate::store::host_deliveries::{self, Batch};
use crate::store::host_feed as log;

/// Status by which an endpoint asks for no more messages.
const GONE: u16 = 410;
/// Why an endpoint with that status is disabled.
pub const GONE_REASON: &str = "the endpoint replied 410 Gone";
/// Maximum length of a stored error.
const MAX_ERROR: usize = 300;

/// Outcome of one attempt to deliver a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// There is nothing to deliver.
    Nothing,
    /// Events of other kinds were passed.
    Passed,
    /// The endpoint moved or was disabled meanwhile.
    Overtaken,
    Delivered {
        events: i64,
    },
    Failed {
        error: String,
    },
    /// The batch failed for the last time, and is passed.
    GaveUp {
        error: String,
    },
    /// The endpoint asked for no more messages, and is disabled.
    Gone,
}

/// Sends one message and returns the HTTP status.
///
/// # Errors
/// If there was no reply.
pub async fn send(endpoint: &EndpointRow, id: &str, body: String, now: DateTime<Utc>) -> Result<u16, SendError> {
    let target = Target::parse(&endpoint.url, endpoint.allows_private).map_err(|_| SendError::InvalidUrl)?;
    let old_secret = endpoint
        .old_secret
        .as_deref()
        .filter(|_| endpoint.old_secret_until > Some(now));
    let secrets: Vec<&[u8]> = std::iter::once(endpoint.secret.as_slice()).chain(old_secret).collect();
    let headers = [
        (signature::ID_HEADER, id.to_owned()),
        (signature::TIMESTAMP_HEADER, now.timestamp().to_string()),
        (
            signature::SIGNATURE_HEADER,
            signature::sign(&secrets, id, now, body.as_bytes()),
        ),
    ];
    target.post(&headers, body).await
}

/// Makes one attempt to deliver the next batch of an endpoint, and records its outcome with `progress`.
///
/// # Errors
/// If the database fails, or this process no longer holds the run.
pub async fn attempt(
    job: &JobContext,
    endpoint: &EndpointRow,
    mut progress: impl FnMut(&Attempt) -> serde_json::Value,
) -> anyhow::Result<Attempt> {
    let after = EventId(endpoint.delivered_through);
    let names = endpoint.kinds.iter().flatten();
    let kinds: Vec<HostEventKind> = names.filter_map(|name| HostEventKind::from_name(name)).collect();
    let kinds = endpoint.kinds.as_ref().map(|_| kinds.as_slice());
    let latest = log::bounds(&job.pool).await?.latest;
    let through = endpoint.sending_through.map_or(latest, EventId);
    let events = host_feed::read(&job.pool, after, through, kinds, MAX_BATCH).await?;
    let Some(last) = events.last().map(|event| event.id) else {
        return pass(job, endpoint, latest, progress).await;
    };
    let batch = Batch {
        endpoint_id: endpoint.endpoint_id,
        after: after.0,
        through: endpoint.sending_through.unwrap_or(last.0),
    };
    if endpoint.sending_through.is_none() {
        let mut transaction = job.begin_batch().await?;
        if !host_deliveries::choose(&mut transaction, batch).await? {
            transaction.rollback().await?;
            return Ok(Attempt::Overtaken);
        }
        job.commit_batch(transaction, &progress(&Attempt::Nothing)).await?;
    }
    let range = BatchRange {
        endpoint_id: batch.endpoint_id,
        after,
        through: EventId(batch.through),
    };
    let now = job.clock.now();
    let body = payload::batch(&endpoint.name, &events);
    let sent = send(endpoint, &range.message_id(), body, now).await;
    let failures = endpoint.failures + 1;
    let outcome = match sent {
        Ok(200..=299) => Attempt::Delivered {
            events: i64::try_from(events.len()).unwrap_or(i64::MAX),
        },
        Ok(GONE) => Attempt::Gone,
        failed => {
            let mut error = why_failed(&failed);
            error.truncate(error.floor_char_boundary(MAX_ERROR));
            match retry_after(failures) {
                Some(_) => Attempt::Failed { error },
                None => Attempt::GaveUp { error },
            }
        }
    };
    let mut transaction = job.begin_batch().await?;
    let recorded = match &outcome {
        Attempt::Failed { error } => {
            let next = retry_after(failures).map(|delay| job.clock.now() + delay);
            host_deliveries::fail(&mut transaction, batch, failures, error, next).await?
        }
        Attempt::GaveUp { error } => {
            host_deliveries::give_up(&mut transaction, batch, failures, error, job.clock.now()).await?
        }
        Attempt::Gone => host_deliveries::disable_after(&mut transaction, batch, GONE_REASON, job.clock.now()).await?,
        _ => host_deliveries::succeed(&mut transaction, batch, Some(now)).await?,
    };
    if !recorded {
        transaction.rollback().await?;
        return Ok(Attempt::Overtaken);
    }
    job.commit_batch(transaction, &progress(&outcome)).await?;
    Ok(outcome)
}

/// Advances an endpoint past events of other kinds.
async fn pass(
    job: &JobContext,
    endpoint: &EndpointRow,
    latest: EventId,
    mut progress: impl FnMut(&Attempt) -> serde_json::Value,
) -> anyhow::Result<Attempt> {
    // A batch whose events were deleted meanwhile ends at its end.
    let through = endpoint.sending_through.unwrap_or(latest.0);
    if through <= endpoint.delivered_through {
        return Ok(Attempt::Nothing);
    }
    let batch = Batch {
        endpoint_id: endpoint.endpoint_id,
        after: endpoint.delivered_through,
        through,
    };
    let mut transaction = job.begin_batch().await?;
    host_deliveries::succeed(&mut transaction, batch, None).await?;
    job.commit_batch(transaction, &progress(&Attempt::Passed)).await?;
    Ok(Attempt::Passed)
}

/// Returns why an attempt failed, for operators.
pub(super) fn why_failed(sent: &Result<u16, SendError>) -> String {
    match sent {
        Ok(status @ 300..=399) => format!("the endpoint replied {status}, and redirects are not followed"),
        Ok(status) => format!("the endpoint replied {status}"),
        Err(error) => error.to_string(),
    }
}
