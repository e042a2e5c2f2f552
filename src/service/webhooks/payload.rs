//! The bodies of webhooks. An event has the fields of `Change` in the admin API.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::domain::host_event::HostEvent;
use crate::domain::id::NodeId;
use crate::domain::money::wire_amount;

/// Returns the body of a batch: the same in every attempt.
pub fn batch(endpoint: &str, events: &[HostEvent]) -> String {
    let latest = events.iter().map(|event| event.occurred_at).max().unwrap_or_default();
    let events: Vec<Value> = events.iter().map(event).collect();
    body("changes", latest, json!({ "endpoint": endpoint, "changes": events }))
}

/// Returns the body of a test message.
pub fn test(endpoint: &str, now: DateTime<Utc>) -> String {
    body("test", now, json!({ "endpoint": endpoint }))
}

fn body(kind: &str, at: DateTime<Utc>, data: Value) -> String {
    json!({ "type": kind, "timestamp": time(at), "data": data }).to_string()
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn event(event: &HostEvent) -> Value {
    json!({
        "id": event.id.to_string(),
        "kind": event.kind.name(),
        "occurredAt": time(event.occurred_at),
        "userId": event.user_id.map(|user| user.0.to_string()),
        "award": event.award.as_ref().map(|award| json!({
            "id": NodeId::Award(award.id).to_string(),
            "item": award.item,
            "type": award.award_type.name(),
            "amount": wire_amount(award.amount),
            "coinId": award.coin_id,
            "targetId": award.target_id,
            "businessDay": award.business_day,
        })),
        "parentId": event.parent_id.map(|user| user.0.to_string()),
        "campaign": event.campaign.as_ref().map(|campaign| json!({ "id": campaign.id, "key": campaign.key })),
        "day": event.day.as_ref().map(|day| json!({
            "day": day.day,
            "totals": day.totals.iter().map(|total| json!({
                "item": total.item,
                "coinId": total.coin_id,
                "awards": total.award_count,
                "amount": wire_amount(total.amount),
            })).collect::<Vec<_>>(),
        })),
    })
}
