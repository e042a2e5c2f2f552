//! Awards: by type, by page, by id, and their number.

use sqlx::postgres::PgRow;

use super::{Answer, Argument, Ask, Column, PartSpec, mismatch};
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::id::AwardId;
use crate::store::rules::unknown;

/// Columns of an award, from a table with the alias `a`.
const COLUMNS: &[(Column, &str)] = &[
    (Column::Id, "a.award_id"),
    (Column::Text1, "a.item"),
    (Column::Text2, "a.coin_id"),
    (Column::Text3, "a.target_id"),
    (Column::Kind, "a.award_type"),
    (Column::Status, "a.status"),
    (Column::Amount1, "a.amount"),
    (Column::Day1, "a.business_day"),
    (Column::Time1, "a.settles_at"),
    (Column::Time2, "a.created_at"),
    (Column::Time3, "a.updated_at"),
    // A subselect is evaluated once per statement.
    (Column::Number2, "least(a.changed_in, (select last_ended_change()))"),
];

/// Reads an award from [`COLUMNS`].
pub(super) fn award(ask: &Ask, row: &PgRow) -> sqlx::Result<Award> {
    Ok(Award {
        id: AwardId(Column::Id.of(row)?),
        user_id: ask.user,
        item: Column::Text1.of(row)?,
        award_type: AwardType::from_number(Column::Kind.of(row)?).ok_or_else(|| unknown("award_type"))?,
        amount: Column::Amount1.of(row)?,
        coin_id: Column::Text2.of(row)?,
        target_id: Column::Text3.of(row)?,
        status: AwardStatus::from_number(Column::Status.of(row)?).ok_or_else(|| unknown("status"))?,
        business_day: Column::Day1.of(row)?,
        settles_at: Column::Time1.of(row)?,
        created_at: Column::Time2.of(row)?,
        updated_at: Column::Time3.of(row)?,
        change: Column::Number2.of(row)?,
    })
}

fn take(ask: &Ask, answer: &mut Answer, row: &PgRow) -> sqlx::Result<()> {
    let Answer::Awards(awards) = answer else { mismatch() };
    awards.push(award(ask, row)?);
    Ok(())
}

const fn list(asked: &'static [Argument], from: &'static str) -> PartSpec {
    PartSpec {
        asked,
        columns: COLUMNS,
        from,
        empty: || Answer::Awards(Vec::new()),
        take,
    }
}

pub(super) static NEWBEE: PartSpec = list(
    &[Argument::UserId],
    "join awards a on a.user_id = asked.user_id and a.award_type = 0",
);

pub(super) static TODAY: PartSpec = list(
    &[Argument::UserId, Argument::Day],
    "join awards a on a.user_id = asked.user_id and a.award_type = 1 and a.business_day = asked.day",
);

pub(super) static BY_ID: PartSpec = list(
    &[Argument::UserId, Argument::OtherId],
    "join awards a on a.user_id = asked.user_id and a.award_id = asked.other_id",
);

const PAGE: &[Argument] = &[
    Argument::UserId,
    Argument::AwardType,
    Argument::Status,
    Argument::BelowId,
    Argument::AboveId,
    Argument::RowLimit,
];

macro_rules! page {
    ($direction:literal) => {
        concat!(
            "cross join lateral (
    select * from awards
    where user_id = asked.user_id
      and award_id < coalesce(asked.below_id, 9223372036854775807) and award_id > coalesce(asked.above_id, 0)
      and (asked.award_type is null or award_type = asked.award_type)
      and (asked.status is null or status = asked.status)
    order by award_id ",
            $direction,
            " limit asked.row_limit
) a"
        )
    };
}

pub(super) static NEWEST_FIRST: PartSpec = list(PAGE, page!("desc"));
pub(super) static OLDEST_FIRST: PartSpec = list(PAGE, page!("asc"));

pub(super) static TOTAL: PartSpec = PartSpec {
    asked: &[Argument::UserId, Argument::AwardType, Argument::Status],
    columns: &[(Column::Number, "counted.total")],
    from: "cross join lateral (
    select count(*) as total from awards
    where user_id = asked.user_id
      and (asked.award_type is null or award_type = asked.award_type)
      and (asked.status is null or status = asked.status)
) counted",
    empty: || Answer::Total(0),
    take: take_total,
};

/// Reads a number into [`Answer::Total`].
pub(super) fn take_total(_: &Ask, answer: &mut Answer, row: &PgRow) -> sqlx::Result<()> {
    let Answer::Total(total) = answer else { mismatch() };
    *total = Column::Number.of(row)?;
    Ok(())
}

/// Returns the award columns, for a part that includes an award among other columns.
pub(super) const fn award_columns() -> &'static [(Column, &'static str)] {
    COLUMNS
}
