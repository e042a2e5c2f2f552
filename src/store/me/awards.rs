//! Awards: by type, by page, by id, and their number.

use chrono::NaiveDate;
use sqlx::postgres::PgRow;

use super::{Column, Part, PartSql, Range, argument};
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::id::{AwardId, UserId};
use crate::store::rules::unknown;

/// Columns of an award, from a table with the alias `a`.
pub(super) const COLUMNS: &[(Column, &str)] = &[
    (Column::Id, "a.award_id"),
    (Column::Text1, "a.item"),
    (Column::Text2, "a.coin_id"),
    (Column::Text3, "a.target_id"),
    (Column::Kind, "a.award_type::text"),
    (Column::Status, "a.status::text"),
    (Column::Amount1, "a.amount"),
    (Column::Day1, "a.business_day"),
    (Column::Time1, "a.settles_at"),
    (Column::Time2, "a.created_at"),
    (Column::Time3, "a.updated_at"),
    (Column::Number2, "a.changed_in"),
];

/// Reads an award from [`COLUMNS`].
pub(super) fn award(user: UserId, row: &PgRow) -> sqlx::Result<Award> {
    Ok(Award {
        id: AwardId(Column::Id.of(row)?),
        user_id: user,
        item: Column::Text1.of(row)?,
        award_type: AwardType::from_name(Column::Kind.of(row)?).ok_or_else(|| unknown("award_type"))?,
        amount: Column::Amount1.of(row)?,
        coin_id: Column::Text2.of(row)?,
        target_id: Column::Text3.of(row)?,
        status: AwardStatus::from_name(Column::Status.of(row)?).ok_or_else(|| unknown("status"))?,
        business_day: Column::Day1.of(row)?,
        settles_at: Column::Time1.of(row)?,
        created_at: Column::Time2.of(row)?,
        updated_at: Column::Time3.of(row)?,
        change: Column::Number2.of(row)?,
    })
}

/// Implements [`Part`] for a read of awards, by ID.
macro_rules! awards_part {
    ($part:ty, $self:ident => $sql:expr) => {
        impl Part for $part {
            type Value = Vec<Award>;

            fn sql(&$self) -> &'static PartSql<Self> {
                $sql
            }

            fn add_row(&self, user: UserId, awards: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
                awards.push(award(user, row)?);
                Ok(())
            }

            fn sort(awards: &mut Self::Value) {
                awards.sort_unstable_by_key(|award| award.id);
            }
        }
    };
}

/// Read of all NEWBEE awards.
#[derive(Clone, PartialEq)]
pub struct ReadNewbeeAwards;

static NEWBEE: PartSql<ReadNewbeeAwards> = PartSql {
    arguments: &[],
    columns: COLUMNS,
    from: "join awards a on a.once_day = '1900-01-01' and a.user_id = asked.user_id{a.user_id} and a.award_type = 'NEWBEE'",
    from_of_shard: None,
};

awards_part!(ReadNewbeeAwards, self => &NEWBEE);

/// Read of the DAILY awards of a day.
#[derive(Clone, PartialEq)]
pub struct ReadTodayAwards {
    pub day: NaiveDate,
}

static TODAY: PartSql<ReadTodayAwards> = PartSql {
    arguments: &[argument!("day", "date", part => part.day)],
    columns: COLUMNS,
    from: "join awards a on a.once_day = asked.day and a.user_id = asked.user_id{a.user_id} and a.award_type = 'DAILY'",
    from_of_shard: None,
};

awards_part!(ReadTodayAwards, self => &TODAY);

/// Read of one award, if it belongs to the user.
#[derive(Clone, PartialEq)]
pub struct ReadAward {
    pub id: AwardId,
}

static BY_ID: PartSql<ReadAward> = PartSql {
    arguments: &[argument!("award_id", "int8", part => part.id.0)],
    columns: COLUMNS,
    from: "join awards a on a.user_id = asked.user_id{a.user_id} and a.award_id = asked.award_id",
    from_of_shard: None,
};

awards_part!(ReadAward, self => &BY_ID);

/// Filter of awards; `None` matches all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AwardFilter {
    pub award_type: Option<AwardType>,
    pub status: Option<AwardStatus>,
}

/// Read of a page of awards by ID.
#[derive(Clone, PartialEq)]
pub struct ReadAwards {
    pub filter: AwardFilter,
    pub range: Range<AwardId>,
}

macro_rules! page {
    ($direction:literal) => {
        PartSql {
            arguments: &[
                argument!("award_type", "text", part => part.filter.award_type.map(AwardType::name)),
                argument!("status", "text", part => part.filter.status.map(AwardStatus::name)),
                argument!("below_id", "int8", part => part.range.below.map(|id| id.0)),
                argument!("above_id", "int8", part => part.range.above.map(|id| id.0)),
                argument!("row_limit", "int8", part => part.range.limit as i64),
            ],
            columns: COLUMNS,
            from: concat!(
                "cross join lateral (
    select * from awards
    where user_id = asked.user_id{user_id}
      and award_id < coalesce(asked.below_id, 9223372036854775807) and award_id > coalesce(asked.above_id, 0)
      and (asked.award_type is null or award_type = asked.award_type::award_type)
      and (asked.status is null or status = asked.status::award_status)
    order by award_id ",
                $direction,
                " limit asked.row_limit
) a"
            ),
            from_of_shard: None,
        }
    };
}

static NEWEST_FIRST: PartSql<ReadAwards> = page!("desc");
static OLDEST_FIRST: PartSql<ReadAwards> = page!("asc");

awards_part!(ReadAwards, self => if self.range.newest_first { &NEWEST_FIRST } else { &OLDEST_FIRST });

/// Read of the number of awards.
#[derive(Clone, PartialEq)]
pub struct ReadAwardsTotal {
    pub filter: AwardFilter,
}

static TOTAL: PartSql<ReadAwardsTotal> = PartSql {
    arguments: &[
        argument!("award_type", "text", part => part.filter.award_type.map(AwardType::name)),
        argument!("status", "text", part => part.filter.status.map(AwardStatus::name)),
    ],
    columns: &[(Column::Number, "counted.total")],
    from: "cross join lateral (
    select count(*) as total from awards
    where user_id = asked.user_id{user_id}
      and (asked.award_type is null or award_type = asked.award_type::award_type)
      and (asked.status is null or status = asked.status::award_status)
) counted",
    from_of_shard: None,
};

impl Part for ReadAwardsTotal {
    type Value = i64;

    fn sql(&self) -> &'static PartSql<Self> {
        &TOTAL
    }

    fn add_row(&self, _: UserId, total: &mut i64, row: &PgRow) -> sqlx::Result<()> {
        *total = Column::Number.of(row)?;
        Ok(())
    }
}
