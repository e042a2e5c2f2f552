//! The rule catalogue.

use chrono::TimeDelta;
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use crate::domain::award::AwardType;
use crate::domain::rule::{AmountRule, Rule, RuleTerms, StreakRule, TargetRule};

impl FromRow<'_, PgRow> for Rule {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            item: row.try_get("item")?,
            award_type: AwardType::from_number(row.try_get("award_type")?).ok_or_else(|| unknown("award_type"))?,
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
        let streak_length: Option<i32> = row.try_get("streak_length")?;
        let repeats = row.try_get("streak_repeats")?;
        Ok(Self {
            amount: match most.zip(step) {
                Some((most, step)) => AmountRule::Range { least, most, step },
                None => AmountRule::Fixed(least),
            },
            coin_id: row.try_get("coin_id")?,
            daily_limit: row.try_get("daily_limit")?,
            target_rule: match row.try_get("target_rule")? {
                "NONE" => TargetRule::None,
                "ONCE_A_DAY" => TargetRule::OnceADay,
                "REPEATABLE" => TargetRule::Repeatable,
                _ => return Err(unknown("target_rule")),
            },
            hold: TimeDelta::seconds(row.try_get("hold_seconds")?),
            opens_at: row.try_get("opens_at")?,
            closes_at: row.try_get("closes_at")?,
            enabled: row.try_get("enabled")?,
            streak: streak_length.map(|length| StreakRule { length, repeats }),
        })
    }
}

/// A value that the schema does not admit: the program is older than the database.
pub(super) fn unknown(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("column {column} holds a value that this version of newbee does not know").into())
}

/// The version of an item's rule that is in force.
pub async fn current_rule(connection: impl PgExecutor<'_>, item: &str) -> sqlx::Result<Option<Rule>> {
    sqlx::query_as("select *, extract(epoch from hold)::bigint as hold_seconds from current_rules where item = $1")
        .bind(item)
        .fetch_optional(connection)
        .await
}
