//! A user's streak and the sign-in award of a day, in one row.

use chrono::NaiveDate;
use sqlx::postgres::PgRow;

use super::{Column, Part, PartSql, argument, awards};
use crate::domain::award::Award;
use crate::domain::id::UserId;

/// Stored sign-in data of a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignIn {
    /// Last day of the streak, and its length on that day. The last day is yesterday if the days since then are bridged or
    /// covered by freezes.
    pub streak: Option<(NaiveDate, i32)>,
    /// Award of the requested day.
    pub award: Option<Award>,
}

impl SignIn {
    /// Returns the length of the streak on the day after `day_before`: 0 if a day was missed since its last one.
    pub fn streak_after(&self, day_before: NaiveDate) -> i32 {
        self.streak
            .filter(|(last_day, _)| *last_day >= day_before)
            .map_or(0, |(_, length)| length)
    }
}

/// Read of the streak and of the sign-in award of a day.
#[derive(Clone, PartialEq)]
pub struct ReadSignIn {
    pub day: NaiveDate,
}

/// Only a streak with missed days needs the bridged days, and only one with freezes the rule.
const LAST_DAY: &str = "case when s.last_sign_in < asked.day - 1
      and asked.day - 1 - s.last_sign_in
          - (select count(*) from bridged_days b where b.day > s.last_sign_in and b.day < asked.day)
          <= case when s.freezes > 0
                  then least(s.freezes, coalesce((select r.freeze_limit from current_rules r where r.item = 'sign_in'), 0))
                  else 0 end
 then asked.day - 1 else s.last_sign_in end";

const COLUMNS: [(Column, &str); 14] = {
    let mut columns = [(Column::Number, "s.streak_length::int8"); 14];
    let award = awards::COLUMNS;
    let mut place = 0;
    while place < award.len() {
        columns[place] = award[place];
        place += 1;
    }
    columns[place] = (Column::Day2, LAST_DAY);
    columns
};

static SQL: PartSql<ReadSignIn> = PartSql {
    arguments: &[argument!("day", "date", part => part.day)],
    columns: &COLUMNS,
    from: "left join award_feeds s on s.user_id = asked.user_id{s.user_id}
left join awards a on a.once_day = asked.day and a.user_id = asked.user_id{a.user_id} and a.source = 'sign_in' and a.source_key = ''",
    from_of_shard: None,
};

impl Part for ReadSignIn {
    type Value = SignIn;

    fn sql(&self) -> &'static PartSql<Self> {
        &SQL
    }

    fn add_row(&self, user: UserId, sign_in: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        let last_day: Option<NaiveDate> = Column::Day2.of(row)?;
        let length: Option<i64> = Column::Number.of(row)?;
        sign_in.streak = last_day.zip(length.map(|length| i32::try_from(length).unwrap_or(i32::MAX)));
        sign_in.award = match Column::Id.of::<Option<i64>>(row)? {
            Some(_) => Some(awards::award(user, row)?),
            None => None,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streak_continues_until_the_day_after_its_last_sign_in() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let sign_in = SignIn {
            streak: Some((day("2026-11-20"), 4)),
            award: None,
        };
        let streaks =
            ["2026-11-20", "2026-11-21", "2026-11-22"].map(|text| sign_in.streak_after(day(text).pred_opt().unwrap()));
        assert_eq!(streaks, [4, 4, 0]);
        assert_eq!(SignIn::default().streak_after(day("2026-11-19")), 0);
    }
}
