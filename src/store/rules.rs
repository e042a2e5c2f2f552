//! The rule catalogue.

use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use crate::domain::award::AwardType;
use crate::domain::rule::{Rule, TargetRule};

impl FromRow<'_, PgRow> for Rule {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            item: row.try_get("item")?,
            award_type: AwardType::from_number(row.try_get("award_type")?).ok_or_else(|| unknown("award_type"))?,
            version: row.try_get("version")?,
            amount: row.try_get("amount")?,
            coin_id: row.try_get("coin_id")?,
            daily_limit: row.try_get("daily_limit")?,
            target_rule: match row.try_get("target_rule")? {
                "NONE" => TargetRule::None,
                "ONCE_A_DAY" => TargetRule::OnceADay,
                "REPEATABLE" => TargetRule::Repeatable,
                _ => return Err(unknown("target_rule")),
            },
            opens_at: row.try_get("opens_at")?,
            closes_at: row.try_get("closes_at")?,
            enabled: row.try_get("enabled")?,
        })
    }
}

/// A value that the schema does not admit: the program is older than the database.
pub(super) fn unknown(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("column {column} holds a value that this version of newbee does not know").into())
}

/// The version of an item's rule that is in force.
pub async fn current_rule(connection: impl PgExecutor<'_>, item: &str) -> sqlx::Result<Option<Rule>> {
    sqlx::query_as("select * from current_rules where item = $1")
        .bind(item)
        .fetch_optional(connection)
        .await
}
