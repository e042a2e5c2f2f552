//! The rule catalogue.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use crate::domain::award::AwardType;
use crate::domain::rule::{AmountRule, Rule, RuleTerms, StreakRule, TargetRule};
use crate::store::bounded::PgConnection;

impl FromRow<'_, PgRow> for Rule {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            item: row.try_get("item")?,
            award_type: stored_type(row)?,
            version: row.try_get("version")?,
            terms: RuleTerms::from_row(row)?,
            changed_by: row.try_get("changed_by")?,
            reason: row.try_get("reason")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for RuleTerms {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let least = row.try_get("amount")?;
        let most: Option<_> = row.try_get("amount_max")?;
        let step: Option<_> = row.try_get("amount_step")?;
        let target_name = label(row, "target_rule")?;
        let streak_length: Option<i32> = row.try_get("streak_length")?;
        let repeats = row.try_get("streak_repeats")?;
        Ok(Self {
            amount: match most.zip(step) {
                Some((most, step)) => AmountRule::Range { least, most, step },
                None => AmountRule::Fixed(least),
            },
            coin_id: row.try_get("coin_id")?,
            daily_limit: row.try_get("daily_limit")?,
            target_rule: TargetRule::ALL
                .into_iter()
                .find(|target_rule| target_rule.name() == target_name)
                .ok_or_else(|| unknown("target_rule"))?,
            hold: TimeDelta::seconds(row.try_get("hold_seconds")?),
            opens_at: row.try_get("opens_at")?,
            closes_at: row.try_get("closes_at")?,
            enabled: row.try_get("enabled")?,
            streak: streak_length.map(|length| StreakRule { length, repeats }),
        })
    }
}

/// Reads the label of an enum column.
pub(super) fn label<'r>(row: &'r PgRow, column: &str) -> sqlx::Result<&'r str> {
    row.try_get_unchecked(column)
}

/// Reads the column `award_type`.
pub(super) fn stored_type(row: &PgRow) -> sqlx::Result<AwardType> {
    AwardType::from_name(label(row, "award_type")?).ok_or_else(|| unknown("award_type"))
}

/// Returns the error for a column value that this version does not support, because the database is newer than the
/// program.
pub(super) fn unknown(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("column {column} holds a value that this version of newbee does not support").into())
}

/// Returns the current version of an item's rule.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn current_rule(connection: impl PgExecutor<'_>, item: &str) -> sqlx::Result<Option<Rule>> {
    sqlx::query_as("select *, extract(epoch from hold)::bigint as hold_seconds from current_rules where item = $1")
        .bind(item)
        .fetch_optional(connection)
        .await
}

/// Returns the version of an item's rule that was in force at an instant. Returns `None` if there was none yet.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn rule_at(connection: impl PgExecutor<'_>, item: &str, at: DateTime<Utc>) -> sqlx::Result<Option<Rule>> {
    sqlx::query_as(
        "select r.award_type, v.*, extract(epoch from v.hold)::bigint as hold_seconds
         from rules r join rule_versions v using (item)
         where item = $1 and v.created_at <= $2
         order by version desc limit 1",
    )
    .bind(item)
    .bind(at)
    .fetch_optional(connection)
    .await
}

/// Returns versions of the rule of one item or of all, newest first. Without `with_history`, only the current version
/// of each.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>, item: Option<&str>, with_history: bool) -> sqlx::Result<Vec<Rule>> {
    sqlx::query_as(
        "select r.award_type, v.*, extract(epoch from v.hold)::bigint as hold_seconds
         from rules r join rule_versions v using (item)
         where ($1::text is null or item = $1)
           and ($2 or v.version = (select max(version) from rule_versions where item = r.item))
         order by item, version desc",
    )
    .bind(item)
    .bind(with_history)
    .fetch_all(connection)
    .await
}

/// Adds an item to the catalogue unless it exists, and locks it until the transaction ends, so that versions are
/// added one after the other. Returns the stored type of the item.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_item(connection: &mut PgConnection, item: &str, award_type: AwardType) -> sqlx::Result<AwardType> {
    let row = sqlx::query(
        "insert into rules as r (item, award_type) values ($1, $2::award_type)
         on conflict (item) do update set award_type = r.award_type
         returning award_type",
    )
    .bind(item)
    .bind(award_type.name())
    .fetch_one(connection)
    .await?;
    stored_type(&row)
}

/// Inserts a version after the last one of its item.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_version(connection: &mut PgConnection, rule: &Rule) -> sqlx::Result<()> {
    let terms = &rule.terms;
    sqlx::query(
        "insert into rule_versions (item, version, amount, amount_max, amount_step, coin_id, daily_limit, target_rule, hold,
                                    opens_at, closes_at, enabled, streak_length, streak_repeats, changed_by, reason, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8::target_rule, make_interval(secs => $9), $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(&rule.item)
    .bind(rule.version)
    .bind(terms.amount.least())
    .bind(terms.amount.most())
    .bind(terms.amount.step())
    .bind(&terms.coin_id)
    .bind(terms.daily_limit)
    .bind(terms.target_rule.name())
    .bind(terms.hold.num_seconds() as f64)
    .bind(terms.opens_at)
    .bind(terms.closes_at)
    .bind(terms.enabled)
    .bind(terms.streak.map(|streak| streak.length))
    .bind(terms.streak.is_some_and(|streak| streak.repeats))
    .bind(&rule.changed_by)
    .bind(&rule.reason)
    .bind(rule.created_at)
    .execute(connection)
    .await
    .map(|_| ())
}
