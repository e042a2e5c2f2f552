//! Records of each type, with the checks that need no database.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::fields::{Fields, MAX_ID, required, stored};
use super::{Header, Record};
use crate::domain::award::{AwardStatus, AwardType};
use crate::domain::business_day::Calendar;
use crate::domain::id::UserId;
use crate::domain::invitation::normalise_code;
use crate::domain::money::{AMOUNT_BOUND, is_amount, wire_amount};
use crate::domain::rule::is_valid_item;
use crate::domain::user::{UserReport, search_name};

/// Maximum length of a streak, in days.
const MAX_STREAK: i64 = 100_000;

/// Source of awards that an old system made.
const IMPORT: &str = "import";

/// Creates a record from an object without null fields.
fn record(kind: &'static str, key: String, user_id: Option<i64>, content: Value) -> Record {
    let Value::Object(content) = content else {
        unreachable!("the content is an object");
    };
    let content: Map<_, _> = content.into_iter().filter(|(_, value)| !value.is_null()).collect();
    Record {
        kind,
        key,
        user_id,
        content,
    }
}

pub(super) fn header(mut fields: Fields) -> Result<Header, String> {
    Ok(Header {
        version: required("version", fields.integer("version")?)?,
        time_zone: required("timeZone", fields.text("timeZone")?)?,
    })
}

/// A user with their invitation.
#[derive(Default)]
pub(super) struct User {
    pub user_id: i64,
    pub name: Option<String>,
    pub portrait_uri: Option<String>,
    pub code: Option<String>,
    pub class: Option<i64>,
    pub parent_id: Option<i64>,
    pub parent_code: Option<String>,
    pub bound_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub erased_at: Option<DateTime<Utc>>,
    pub invitation_created_at: Option<DateTime<Utc>>,
    pub invitation_updated_at: Option<DateTime<Utc>>,
    pub last_change: i64,
}

pub(super) fn user(mut fields: Fields) -> Result<Record, String> {
    let user = User {
        user_id: required("userId", fields.id("userId")?)?,
        name: fields.text("name")?,
        portrait_uri: fields.text("portraitUri")?,
        code: fields.text("code")?,
        class: fields.integer("class")?,
        parent_id: fields.id("parentId")?,
        parent_code: fields.text("parentCode")?,
        bound_at: fields.time("boundAt")?,
        created_at: required("createdAt", fields.time("createdAt")?)?,
        updated_at: fields.time("updatedAt")?,
        erased_at: fields.time("erasedAt")?,
        invitation_created_at: fields.time("invitationCreatedAt")?,
        invitation_updated_at: fields.time("invitationUpdatedAt")?,
        last_change: fields.change_number("lastChange")?,
    };
    fields.finish()?;
    user_of(user)
}

pub(super) fn user_of(user: User) -> Result<Record, String> {
    let report = UserReport {
        user_id: UserId(user.user_id),
        name: user.name.map(Some),
        portrait_uri: user.portrait_uri.map(Some),
        code: user.code,
        class: user.class.map(|class| i16::try_from(class).unwrap_or(i16::MAX)),
    }
    .in_display_form();
    report.check().map_err(|rejection| rejection.to_string())?;
    match (user.parent_id, user.bound_at) {
        (Some(parent), _) if parent == user.user_id => return Err("parentId is the user's own ID.".to_owned()),
        (Some(_), None) => return Err("boundAt is missing: the time when the parent was bound.".to_owned()),
        (None, None) if user.parent_code.is_none() => {}
        (None, _) => return Err("parentId is missing: the user whose code was bound.".to_owned()),
        (Some(_), Some(_)) => {}
    }
    let (name, portrait_uri) = (report.name.flatten(), report.portrait_uri.flatten());
    if user.erased_at.is_some() && (name.is_some() || portrait_uri.is_some()) {
        return Err("An erased user has neither name nor portraitUri.".to_owned());
    }
    let updated_at = user.updated_at.unwrap_or(user.created_at);
    let content = json!({
        "search_name": name.as_deref().and_then(search_name),
        "name": name,
        "portrait_uri": portrait_uri,
        "normalised_code": report.code.as_deref().and_then(normalise_code),
        "code": report.code,
        "class": user.class,
        "parent_id": user.parent_id,
        "parent_code": user.parent_code,
        "bound_at": user.bound_at.map(stored),
        "created_at": stored(user.created_at),
        "updated_at": stored(updated_at),
        "erased_at": user.erased_at.map(stored),
        "invitation_created_at": stored(user.invitation_created_at.unwrap_or(user.created_at)),
        "invitation_updated_at": stored(user.invitation_updated_at.or(user.bound_at).unwrap_or(updated_at)),
        "last_change": Some(user.last_change).filter(|change| *change > 0),
    });
    Ok(record("user", user.user_id.to_string(), Some(user.user_id), content))
}

/// Fields that an award has in every format.
pub(super) struct Award {
    pub award_id: i64,
    pub user_id: i64,
    pub item: String,
    pub award_type: &'static str,
    pub amount: Decimal,
    pub coin_id: String,
    pub target_id: Option<String>,
    pub status: AwardStatus,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
}

pub(super) fn award(mut fields: Fields, calendar: Calendar) -> Result<Record, String> {
    let status = required(
        "status",
        fields.name_of("status", &AwardStatus::ALL, |known| known.name())?,
    )?;
    let award = Award {
        award_id: required("awardId", fields.id("awardId")?)?,
        user_id: required("userId", fields.id("userId")?)?,
        item: required("item", fields.text("item")?)?,
        award_type: required(
            "awardType",
            fields.name_of("awardType", &AwardType::ALL, |known| known.name())?,
        )?,
        amount: required("amount", fields.amount("amount")?)?,
        coin_id: required("coinId", fields.short_text("coinId", 32)?)?,
        target_id: fields.short_text("targetId", 64)?,
        status: required("status", AwardStatus::from_name(status))?,
        created_at: required("createdAt", fields.time("createdAt")?)?,
        updated_at: fields.time("updatedAt")?,
    };
    award_of(award, fields, calendar)
}

/// Creates the record of an award; `fields` has what only an export knows.
pub(super) fn award_of(award: Award, mut fields: Fields, calendar: Calendar) -> Result<Record, String> {
    if award.award_id > MAX_ID {
        return Err(format!("The award ID is above {MAX_ID}."));
    }
    if !is_valid_item(&award.item) {
        let reason = "an item is 1-40 lowercase letters, digits or underscores, starting with a letter";
        return Err(format!("{reason}; got {:?}.", award.item));
    }
    if !is_amount(award.amount) {
        return Err("amount: expected an amount above zero and below 10^16.".to_owned());
    }
    let updated_at = award.updated_at.unwrap_or(award.created_at);
    let is_paid = matches!(award.status, AwardStatus::Settled | AwardStatus::Reversed);
    let settled_by_default = match award.status {
        AwardStatus::Reversed => award.created_at,
        _ => updated_at,
    };
    let key = award.award_id.to_string();
    let source = fields.short_text("source", 100)?.unwrap_or_else(|| IMPORT.to_owned());
    let source_key = match fields.key("sourceKey")? {
        Some(key) => key,
        None if source == IMPORT => key.clone(),
        None => String::new(),
    };
    let settled_at = fields.time("settledAt")?.unwrap_or(settled_by_default);
    let reversed_at = fields.time("reversedAt")?.unwrap_or(updated_at);
    let business_day = fields.day("businessDay")?;
    let changed_in = fields.change_number("changedIn")?;
    let content = json!({
        "award_id": award.award_id,
        "item": award.item,
        "award_type": award.award_type,
        "amount": wire_amount(award.amount),
        "coin_id": award.coin_id,
        "target_id": award.target_id,
        "status": award.status.name(),
        "created_at": stored(award.created_at),
        "updated_at": stored(updated_at),
        "settles_at": stored(fields.time("settlesAt")?.unwrap_or(award.created_at)),
        "business_day": business_day.unwrap_or_else(|| calendar.day_of(award.created_at)),
        "rule_version": fields.small_id("ruleVersion")?,
        "source": source,
        "source_key": source_key,
        "recorded_by": fields.short_text("recordedBy", 100)?,
        "settle_error": fields.text("settleError")?,
        "changed_in": changed_in,
        "settled_at": is_paid.then(|| stored(settled_at)),
        "reversed_at": (award.status == AwardStatus::Reversed).then(|| stored(reversed_at)),
    });
    fields.finish()?;
    Ok(record("award", key, Some(award.user_id), content))
}

pub(super) fn opening_balance(mut fields: Fields) -> Result<Record, String> {
    let user_id = required("userId", fields.id("userId")?)?;
    let coin_id = required("coinId", fields.short_text("coinId", 32)?)?;
    let amount = required("amount", fields.amount("amount")?)?;
    if amount.is_zero() || amount.abs() >= Decimal::from(AMOUNT_BOUND) {
        return Err(
            "amount: expected an amount other than zero, below 10^16; omit users without a balance.".to_owned(),
        );
    }
    let entry_id = fields.id("entryId")?;
    if entry_id.is_some_and(|id| id > MAX_ID) {
        return Err(format!("entryId is above {MAX_ID}."));
    }
    let key = format!("{user_id}/{coin_id}");
    let content = json!({
        "coin_id": coin_id,
        "amount": wire_amount(amount),
        "posted_at": stored(required("at", fields.time("at")?)?),
        "entry_id": entry_id,
    });
    fields.finish()?;
    Ok(record("openingBalance", key, Some(user_id), content))
}

pub(super) fn streak(mut fields: Fields) -> Result<Record, String> {
    let user_id = required("userId", fields.id("userId")?)?;
    let last_day = required("lastDay", fields.day("lastDay")?)?;
    let length = required("length", fields.integer("length")?)?;
    if !(1..=MAX_STREAK).contains(&length) {
        return Err(format!("length: expected 1 to {MAX_STREAK} days."));
    }
    let mut number = |name: &str| match fields.integer(name)? {
        Some(number) if !(0..=MAX_STREAK).contains(&number) => Err(format!("{name}: expected 0 to {MAX_STREAK}.")),
        number => Ok(number.filter(|number| *number > 0)),
    };
    let (skipped_days, freezes, best_streak) = (number("skippedDays")?, number("freezes")?, number("bestStreak")?);
    fields.finish()?;
    let content = json!({
        "last_day": last_day,
        "length": length,
        "skipped_days": skipped_days,
        "freezes": freezes,
        "best_streak": best_streak,
    });
    Ok(record("streak", user_id.to_string(), Some(user_id), content))
}

pub(super) fn place(mut fields: Fields) -> Result<Record, String> {
    let user_id = required("userId", fields.id("userId")?)?;
    let campaign = required("campaign", fields.short_text("campaign", 40)?)?;
    let content = json!({
        "campaign_key": campaign,
        "reserved_at": stored(required("reservedAt", fields.time("reservedAt")?)?),
        "cancelled_at": fields.time("cancelledAt")?.map(stored),
    });
    fields.finish()?;
    Ok(record("place", format!("{user_id}/{campaign}"), Some(user_id), content))
}

pub(super) fn claim(mut fields: Fields) -> Result<Record, String> {
    let user_id = required("userId", fields.id("userId")?)?;
    let campaign_id = required("campaignId", fields.id("campaignId")?)?;
    let share_number = required("shareNumber", fields.small_id("shareNumber")?)?;
    let amount = required("amount", fields.amount("amount")?)?;
    if !is_amount(amount) {
        return Err("amount: expected an amount above zero and below 10^16.".to_owned());
    }
    let claimant = required("claimant", fields.text("claimant")?)?;
    let is_hash = claimant.len() == 64 && claimant.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hash {
        return Err("claimant: expected 64 hexadecimal digits.".to_owned());
    }
    let content = json!({
        "campaign_id": campaign_id,
        "share_number": share_number,
        "claim_number": required("claimNumber", fields.small_id("claimNumber")?)?,
        "award_id": required("awardId", fields.id("awardId")?)?,
        "amount": wire_amount(amount),
        "claimed_at": stored(required("claimedAt", fields.time("claimedAt")?)?),
        "claimant": claimant,
    });
    fields.finish()?;
    let key = format!("{campaign_id}/{share_number}");
    Ok(record("claim", key, Some(user_id), content))
}
