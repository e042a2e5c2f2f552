//! `newbee user show`: details of a user.

use anyhow::bail;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use crate::cli::admin::{Admin, read};
use crate::cli::audit::{self, Entry};
use crate::cli::awards::{self, Award};
use crate::cli::output;
use crate::cli::table::{Rows, utc};

/// Query for all data of a user in the admin API.
const USER: &str = concat!(
    "query ($id: ID!, $first: Int!) { user(id: $id) {
        id name portraitUri createdAt updatedAt streak childrenCount
        invitation { code class parentId parentCode boundAt }
        balances { coinId settled pending }
        awards(first: $first) { ",
    award_fields!(),
    " }
        ledger(first: $first) { awardId kind amount coinId postedAt runId }
        sessions(first: $first) { createdAt expiresAt revokedAt origin }
        reservations(first: $first) { key reservedAt cancelledAt }
        dailyCounts(first: $first) { businessDay item count }
        tries { action count lockedUntil }
        auditLog(first: $first) { ",
    audit_fields!(),
    " }
    } }"
);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    name: Option<String>,
    portrait_uri: Option<String>,
    created_at: DateTime<Utc>,
    streak: Option<i64>,
    children_count: Option<i64>,
    invitation: Option<Invitation>,
    balances: Option<Vec<Balance>>,
    awards: Option<Vec<Award>>,
    sessions: Option<Vec<Session>>,
    reservations: Option<Vec<Place>>,
    tries: Option<Vec<Tries>>,
    audit_log: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invitation {
    code: String,
    class: i64,
    parent_id: Option<String>,
    parent_code: Option<String>,
    bound_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Balance {
    coin_id: String,
    settled: String,
    pending: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    origin: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    key: String,
    reserved_at: DateTime<Utc>,
    cancelled_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tries {
    action: String,
    count: i64,
    locked_until: Option<DateTime<Utc>>,
}

/// Prints the details of a user.
///
/// # Errors
/// The user is unknown, a read fails, or standard output cannot be written.
pub async fn print(admin: &Admin, user_id: i64, limit: u16, as_json: bool) -> anyhow::Result<()> {
    let value = admin
        .ask("user", USER, json!({ "id": user_id.to_string(), "first": limit }))
        .await?;
    if value.is_null() {
        bail!("There is no user {user_id}. See: newbee user find TEXT");
    }
    if as_json {
        return output::json(&value);
    }
    let user: User = read(&value)?;
    let mut sections = vec![facts(&user, admin.author.at)];
    sections.extend(balances(&user));
    if let Some(awards) = user.awards.as_ref().filter(|awards| !awards.is_empty()) {
        sections.push(format!("Newest awards:\n{}", awards::table(awards).into_text()));
    }
    sections.extend(sessions(&user, admin.author.at));
    sections.extend(places(&user));
    if let Some(entries) = user.audit_log.as_ref().filter(|entries| !entries.is_empty()) {
        sections.push(format!("Newest changes (UTC):\n{}", audit::table(entries).into_text()));
    }
    Ok(output::line(sections.join("\n\n"))?)
}

fn facts(user: &User, now: DateTime<Utc>) -> String {
    let mut rows = Rows::without_header(2);
    rows.fact("user", &user.id);
    rows.fact("name", user.name.as_deref().unwrap_or("-"));
    if let Some(portrait) = &user.portrait_uri {
        rows.fact("portrait", portrait);
    }
    rows.fact("registered (UTC)", utc(user.created_at));
    if let Some(invitation) = &user.invitation {
        rows.fact("invitation code", &invitation.code);
        rows.fact("class", invitation.class);
        if let (Some(parent), Some(code)) = (&invitation.parent_id, &invitation.parent_code) {
            let at = invitation
                .bound_at
                .map_or(String::new(), |at| format!(" at {} UTC", utc(at)));
            rows.fact("invited by", format_args!("user {parent} with code {code}{at}"));
        }
    }
    rows.fact("children", user.children_count.unwrap_or(0));
    rows.fact("sign-in streak", user.streak.unwrap_or(0));
    for tries in user.tries.iter().flatten() {
        let locked = tries.locked_until.filter(|until| *until > now);
        let locked = locked.map_or(String::new(), |until| format!(", locked until {} UTC", utc(until)));
        rows.fact(
            &format!("failed attempts, {}", tries.action),
            format_args!("{}{locked}", tries.count),
        );
    }
    rows.into_text()
}

fn balances(user: &User) -> Option<String> {
    let balances = user.balances.as_ref().filter(|balances| !balances.is_empty())?;
    let mut rows = Rows::new(&["COIN", "SETTLED", "PENDING"]);
    for balance in balances {
        rows.add([&balance.coin_id, &balance.settled, &balance.pending]);
    }
    Some(format!("Balances:\n{}", rows.into_text()))
}

fn sessions(user: &User, now: DateTime<Utc>) -> Option<String> {
    let sessions = user.sessions.as_ref().filter(|sessions| !sessions.is_empty())?;
    let mut rows = Rows::new(&["CREATED", "ENDS", "STATE", "ORIGIN"]);
    for session in sessions {
        let state = match session.revoked_at {
            Some(at) => format!("ended {}", utc(at)),
            None if session.expires_at <= now => "over".to_owned(),
            None => "valid".to_owned(),
        };
        rows.add([
            utc(session.created_at),
            utc(session.expires_at),
            state,
            session.origin.clone(),
        ]);
    }
    Some(format!("Newest session keys (UTC):\n{}", rows.into_text()))
}

fn places(user: &User) -> Option<String> {
    let places = user.reservations.as_ref().filter(|places| !places.is_empty())?;
    let mut rows = Rows::new(&["CAMPAIGN", "RESERVED", "STATE"]);
    for place in places {
        let state = match place.cancelled_at {
            Some(at) => format!("cancelled {}", utc(at)),
            None => "has a place".to_owned(),
        };
        rows.add([place.key.clone(), utc(place.reserved_at), state]);
    }
    Some(format!("Reservations (UTC):\n{}", rows.into_text()))
}
