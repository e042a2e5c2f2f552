//! Available tasks, and how many of them a user has completed.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;

use super::rule_texts::{TEXTS, texts, with_texts};
use super::{Column, Part, PartSql, argument};
use crate::domain::award::AwardType;
use crate::domain::id::UserId;
use crate::domain::rule_texts::RuleTexts;
use crate::store::rules::unknown;

/// Enabled rule of a task, with the details that a list of tasks shows.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRule {
    pub item: String,
    pub award_type: AwardType,
    pub amount: Decimal,
    /// Maximum amount of one award, if it is more than `amount`.
    pub amount_max: Option<Decimal>,
    pub coin_id: String,
    /// Maximum number of awards: in total for NEWBEE, per day for DAILY; `None` is unlimited.
    pub limit: Option<i64>,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    pub texts: RuleTexts,
}

/// Number of awards of an item that a user has: in total for NEWBEE, on the day for DAILY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCount {
    pub item: String,
    pub done: i64,
}

/// Read of the enabled NEWBEE and DAILY rules, by item.
#[derive(Clone, PartialEq)]
pub struct ReadTaskRules;

static RULES: PartSql<ReadTaskRules> = PartSql {
    arguments: &[],
    columns: &[
        (Column::Text1, "r.item"),
        (Column::Text2, "r.coin_id"),
        (Column::Kind, "r.award_type::text"),
        (
            Column::Number,
            // Without a target, the day alone makes an award unique.
            "(case when r.award_type = 'NEWBEE' or r.target_rule = 'NONE' then 1 else r.daily_limit end)::int8",
        ),
        (Column::Amount1, "r.amount"),
        (Column::Amount2, "r.amount_max"),
        (Column::Time1, "r.opens_at"),
        (Column::Time2, "r.closes_at"),
        TEXTS,
    ],
    from: with_texts!("join current_rules r on r.enabled and r.award_type in ('NEWBEE', 'DAILY')"),
    // The rules are in no shard.
    from_of_shard: Some(with_texts!(
        "{asked} join current_rules r on r.enabled and r.award_type in ('NEWBEE', 'DAILY')"
    )),
};

impl Part for ReadTaskRules {
    type Value = Vec<TaskRule>;

    const IS_SHARED: bool = true;

    fn sql(&self) -> &'static PartSql<Self> {
        &RULES
    }

    fn add_row(&self, _: UserId, rules: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        rules.push(TaskRule {
            item: Column::Text1.of(row)?,
            award_type: AwardType::from_name(Column::Kind.of(row)?).ok_or_else(|| unknown("award_type"))?,
            amount: Column::Amount1.of(row)?,
            amount_max: Column::Amount2.of(row)?,
            coin_id: Column::Text2.of(row)?,
            limit: Column::Number.of(row)?,
            opens_at: Column::Time1.of(row)?,
            closes_at: Column::Time2.of(row)?,
            texts: texts(row)?,
        });
        Ok(())
    }

    fn sort(rules: &mut Self::Value) {
        rules.sort_by(|a, b| a.item.cmp(&b.item));
    }
}

/// Read of the number of awards per task, in total for NEWBEE and on a day for DAILY.
#[derive(Clone, PartialEq)]
pub struct ReadTaskCounts {
    pub day: NaiveDate,
}

/// Counts the awards themselves; one SELECT per type, so that each uses the index `awards_once`.
static COUNTS: PartSql<ReadTaskCounts> = PartSql {
    arguments: &[argument!("day", "date", part => part.day)],
    columns: &[(Column::Text1, "counted.item"), (Column::Number, "counted.done")],
    from: "cross join lateral (
    select item, count(*) as done from awards
    where once_day = '1900-01-01' and user_id = asked.user_id{user_id} and award_type = 'NEWBEE' group by item
    union all
    select item, count(*) from awards
    where once_day = asked.day and user_id = asked.user_id{user_id} and award_type = 'DAILY' group by item
) counted",
    from_of_shard: None,
};

impl Part for ReadTaskCounts {
    type Value = Vec<TaskCount>;

    fn sql(&self) -> &'static PartSql<Self> {
        &COUNTS
    }

    fn add_row(&self, _: UserId, counts: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        counts.push(TaskCount {
            item: Column::Text1.of(row)?,
            done: Column::Number.of(row)?,
        });
        Ok(())
    }
}
