//! Demo data: a few users with fixed public keys, a public API key, many invited friends, campaigns, texts of rules,
//! and a month of history.
//!
//! The history is inserted as pending awards, which the real jobs then close and settle, so that the books equal
//! those of a service that ran for a month.

mod history;
mod people;
mod reservations;
mod texts;
mod words;

use crate::store::bounded::PgPool;
use anyhow::bail;
use chrono::{Days, TimeDelta};

pub use people::{DEMO_USERS, DemoUser};
pub use words::DEMO_WORD;

use crate::domain::api_key::{ApiKey, Scope};
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::session::SessionKey;
use crate::service::host_feed;
use crate::store::demo::{self, HistoricalBinding};

/// Number of business days of history before today.
pub const DAYS_OF_HISTORY: u64 = 30;
/// The demo's public API key, valid only in the demo. It has all permissions of the host application and of
/// operators.
pub const DEMO_API_KEY: &str = "nbk_demo.public-key";
/// Name of the API key in the audit log, after `key:`.
const NAME_OF_API_KEY: &str = "demo";
/// Lifetime of the demo's session keys, longer than any clone of the repository is used.
const KEY_LIFETIME: TimeDelta = TimeDelta::days(3_650);

/// Initial state of the demo's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoData {
    Made,
    FoundFromBefore,
}

/// Creates the demo's users and their history in one transaction unless they exist, and adds data that earlier
/// versions of the demo lacked. Awards are left pending and days open. The feed of changes for the host application begins with
/// the history.
///
/// `is_demos_own` is true if the database was created for the demo: then it may contain users that were added later.
///
/// # Errors
/// Returns an error if a database that was not created for the demo contains other users, or if a database query
/// fails.
pub async fn prepare(
    pool: &PgPool,
    calendar: Calendar,
    now: BusinessTime,
    is_demos_own: bool,
) -> anyhow::Result<DemoData> {
    let data = prepare_users(pool, calendar, now, is_demos_own).await?;
    words::make_if_missing(pool, now.at).await?;
    texts::set_if_missing(pool, now.at).await?;
    Ok(data)
}

async fn prepare_users(
    pool: &PgPool,
    calendar: Calendar,
    now: BusinessTime,
    is_demos_own: bool,
) -> anyhow::Result<DemoData> {
    let mut transaction = pool.begin().await?;
    if !is_demos_own && demo::holds_other_users(&mut transaction).await? {
        bail!(
            "This database contains users that the demo did not create, and the demo's keys are public. \
             Use a separate database for the demo, unset DATABASE_URL, or use `newbee serve`."
        );
    }
    // Also added to existing data, which may be older than the key.
    let api_key = ApiKey::parse(DEMO_API_KEY).expect("the demo's API key is well-formed");
    let scopes = [Scope::Host, Scope::OpsWrite, Scope::Act];
    demo::insert_api_key(&mut transaction, NAME_OF_API_KEY, api_key.hash(), &scopes, now.at).await?;
    let is_found = demo::holds_demo_users(&mut transaction).await?;
    transaction.commit().await?;
    if is_found {
        return Ok(DemoData::FoundFromBefore);
    }
    // The feed of the host application has the history if it is in use before it.
    if pool.database().shards().is_none() {
        host_feed::begin(pool, now.at).await?;
    }
    let mut transaction = pool.begin().await?;
    let first_day = calendar
        .day_of(now.at)
        .checked_sub_days(Days::new(DAYS_OF_HISTORY))
        .expect("a date within range");
    let began = calendar.day_starts_at(first_day);

    let crowd = people::friends();
    let users: Vec<_> = DEMO_USERS
        .iter()
        .map(DemoUser::row)
        .chain(crowd.iter().cloned())
        .collect();
    demo::insert_users(&mut transaction, &users, began).await?;
    for user in &DEMO_USERS {
        let key = SessionKey::parse(user.session_key).expect("the demo's keys are well-formed");
        let expires_at = if user.key_is_expired {
            now.at - TimeDelta::days(1)
        } else {
            now.at + KEY_LIFETIME
        };
        demo::insert_session(&mut transaction, key.hash(), user.user_id, began, expires_at).await?;
    }
    let history = history::write(calendar, first_day, now.day);
    let bindings: Vec<HistoricalBinding> = history.bindings;
    demo::bind_parents(&mut transaction, &bindings).await?;
    demo::insert_awards(&mut transaction, &history.awards).await?;
    demo::insert_streaks(&mut transaction, &history.streaks).await?;
    reservations::make(&mut transaction, began).await?;
    transaction.commit().await?;
    Ok(DemoData::Made)
}
