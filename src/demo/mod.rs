//! Demo data: a few users with fixed public keys, an API key as public, a crowd of invited friends, campaigns,
//! and a month of history.
//!
//! The history is written as pending awards and then closed and settled by the real jobs, so that the books are those of a
//! service that ran for a month.

mod history;
mod people;
mod reservations;
mod words;

use crate::store::bounded::PgPool;
use anyhow::bail;
use chrono::{Days, TimeDelta};

pub use people::{DEMO_USERS, DemoUser};
pub use words::DEMO_WORD;

use crate::domain::api_key::{ApiKey, Scope};
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::session::SessionKey;
use crate::store::demo::{self, HistoricalBinding};

/// How many business days of history there are before today.
pub const DAYS_OF_HISTORY: u64 = 30;
/// The demo's API key: public, good for the demo alone. It may do all that the host and ops may.
pub const DEMO_API_KEY: &str = "nbk_demo.public-key";
/// What the audit log calls it, behind `key:`.
const NAME_OF_API_KEY: &str = "demo";
/// The demo's keys must outlive a clone that lies about for a while.
const KEY_LIFETIME: TimeDelta = TimeDelta::days(3_650);

/// What the demo found in its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoData {
    Made,
    FoundFromBefore,
}

/// Makes the demo's users and their history, all or nothing, unless they are there, and what earlier versions of the demo did
/// not have. Awards are left pending and days open.
///
/// `is_demos_own` says that the database was made for the demo: then users may have been added beside its own.
///
/// # Errors
/// When a database that was made for something else holds users that the demo did not make.
pub async fn prepare(
    pool: &PgPool,
    calendar: Calendar,
    now: BusinessTime,
    is_demos_own: bool,
) -> anyhow::Result<DemoData> {
    let data = prepare_users(pool, calendar, now, is_demos_own).await?;
    words::make_if_missing(pool, now.at).await?;
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
            "This database holds users that the demo did not make, and the demo's keys are public. \
             Give the demo a database of its own, or none at all (unset DATABASE_URL), or use `newbee serve`."
        );
    }
    // Also for data of an earlier start, which may be older than the key.
    let api_key = ApiKey::parse(DEMO_API_KEY).expect("the demo's API key is a key");
    let scopes = [Scope::Host, Scope::OpsWrite];
    demo::insert_api_key(&mut transaction, NAME_OF_API_KEY, api_key.hash(), &scopes, now.at).await?;
    if demo::holds_demo_users(&mut transaction).await? {
        transaction.commit().await?;
        return Ok(DemoData::FoundFromBefore);
    }
    let first_day = calendar
        .day_of(now.at)
        .checked_sub_days(Days::new(DAYS_OF_HISTORY))
        .expect("a day of this era");
    let began = calendar.day_starts_at(first_day);

    let crowd = people::friends();
    let users: Vec<_> = DEMO_USERS
        .iter()
        .map(DemoUser::row)
        .chain(crowd.iter().cloned())
        .collect();
    demo::insert_users(&mut transaction, &users, began).await?;
    for user in &DEMO_USERS {
        let key = SessionKey::parse(user.session_key).expect("the demo's keys are keys");
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
