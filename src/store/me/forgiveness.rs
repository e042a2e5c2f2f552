//! Freezes of a user, and the days of a month with their states.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;

use super::{Column, Part, PartSql, argument};
use crate::domain::id::UserId;
use crate::domain::sign_in_calendar::{DayState, MonthFacts};
use crate::domain::streak::{FreezeRule, MakeUpRule};

/// Longest streak and freezes of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreakRecord {
    /// Length of the longest streak; 0 before the first sign-in.
    pub longest: i64,
    /// Number of freezes that are left after those that cover missed days now.
    pub freezes: i64,
    /// Terms of freezes; `None` if there are none.
    pub rule: Option<FreezeRule>,
}

/// Read of the longest streak and of the freezes.
#[derive(Clone, PartialEq)]
pub struct ReadStreakRecord {
    pub day: NaiveDate,
}

/// Days since the last sign-in that are neither bridged nor `asked.day` itself, as `m.missed`.
macro_rules! missed {
    () => {
        "left join award_feeds s on s.user_id = asked.user_id{s.user_id}
cross join lateral (
    select greatest(asked.day - 1 - s.last_sign_in, 0)
           - (select count(*) from bridged_days b where b.day > s.last_sign_in and b.day < asked.day) as missed
) m
left join current_rules r on r.item = 'sign_in'"
    };
}

static STREAK: PartSql<ReadStreakRecord> = PartSql {
    arguments: &[argument!("day", "date", part => part.day)],
    columns: &[
        (Column::Id, "greatest(s.best_streak, s.streak_length)::int8"),
        (
            Column::Number,
            "(case when r.freeze_limit > 0 then greatest(least(coalesce(s.freezes, 0), r.freeze_limit) - m.missed, 0) end)::int8",
        ),
        (Column::Number2, "(r.freeze_every * 100 + r.freeze_limit)::int8"),
    ],
    from: missed!(),
    from_of_shard: None,
};

impl Part for ReadStreakRecord {
    type Value = StreakRecord;

    fn sql(&self) -> &'static PartSql<Self> {
        &STREAK
    }

    fn add_row(&self, _: UserId, streak: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        streak.longest = Column::Id.of::<Option<i64>>(row)?.unwrap_or(0);
        streak.freezes = Column::Number.of::<Option<i64>>(row)?.unwrap_or(0);
        streak.rule = Column::Number2.of::<Option<i64>>(row)?.map(|terms| FreezeRule {
            every: number(terms / 100),
            most: number(terms % 100),
        });
        Ok(())
    }
}

/// Facts about a user and a month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignInMonth {
    /// Time when the account was created.
    pub created_at: Option<DateTime<Utc>>,
    pub facts: MonthFacts,
    /// Last sign-in, number of days that freezes can cover, and bridged days since then.
    open_end: Option<(NaiveDate, i64)>,
    bridged_since: BTreeSet<NaiveDate>,
}

/// Read of the days of a month.
#[derive(Clone, PartialEq)]
pub struct ReadSignInMonth {
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// Business day of the request.
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
}

/// A row per recorded day, and one with the rest.
static MONTH: PartSql<ReadSignInMonth> = PartSql {
    arguments: &[
        argument!("first", "date", part => part.first),
        argument!("last", "date", part => part.last),
        argument!("day", "date", part => part.day),
        argument!("at", "timestamptz", part => part.at),
    ],
    columns: &[
        (Column::Kind, "c.kind"),
        (Column::Day1, "c.day"),
        (Column::Time1, "c.created_at"),
        (Column::Number, "c.freezes::int8"),
        (Column::Number2, "c.make_up::int8"),
    ],
    from: "cross join lateral (
    select 'SIGNED_IN' as kind, a.business_day as day, null::timestamptz as created_at, null::integer as freezes, null::integer as make_up
    from generate_series(0, asked.last - asked.first) n
    join awards a on a.once_day = asked.first + n and a.user_id = asked.user_id{a.user_id} and a.award_type = 'DAILY' and a.item = 'sign_in'
    union all
    select 'SIGNED_IN', asked.first + n, null, null, null
    from imported_streaks i cross join generate_series(0, asked.last - asked.first) n
    where i.user_id = asked.user_id{i.user_id} and asked.first + n between i.last_day - i.streak_length + 1 and i.last_day
    union all
    select case when made_up_at is null then 'FROZEN' else 'MADE_UP' end, day, null, null, null
    from covered_days where user_id = asked.user_id{user_id} and day between asked.first and asked.last
    union all
    select 'BRIDGED', day, null, null, null from bridged_days where day between asked.first and asked.last
    union all
    select 'SINCE', b.day, null, null, null
    from award_feeds f join bridged_days b on b.day > f.last_sign_in and b.day < asked.day
    where f.user_id = asked.user_id{f.user_id}
    union all
    select 'USER', f.last_sign_in, u.created_at, case when r.freeze_limit > 0 then least(coalesce(f.freezes, 0), r.freeze_limit) end,
           case when r.enabled and (r.opens_at is null or r.opens_at <= asked.at) and (r.closes_at is null or r.closes_at > asked.at)
                then r.make_up_days * 100 + r.make_up_limit end
    from users u left join award_feeds f on f.user_id = u.user_id{f.user_id} left join current_rules r on r.item = 'sign_in'
    where u.user_id = asked.user_id{u.user_id}
) c",
    from_of_shard: None,
};

impl Part for ReadSignInMonth {
    type Value = SignInMonth;

    fn sql(&self) -> &'static PartSql<Self> {
        &MONTH
    }

    fn add_row(&self, _: UserId, month: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        let day: Option<NaiveDate> = Column::Day1.of(row)?;
        let state = match (Column::Kind.of::<&str>(row)?, day) {
            ("SIGNED_IN", Some(_)) => DayState::SignedIn,
            ("MADE_UP", Some(_)) => DayState::MadeUp,
            ("FROZEN", Some(_)) => DayState::Frozen,
            ("BRIDGED", Some(_)) => DayState::Bridged,
            ("SINCE", day) => {
                month.bridged_since.extend(day);
                return Ok(());
            }
            _ => {
                month.created_at = Column::Time1.of(row)?;
                let freezes = Column::Number.of::<Option<i64>>(row)?.unwrap_or(0);
                month.open_end = day.map(|last_day| (last_day, freezes));
                month.facts.make_up = Column::Number2.of::<Option<i64>>(row)?.map(|terms| MakeUpRule {
                    days: number(terms / 100),
                    per_month: number(terms % 100),
                });
                return Ok(());
            }
        };
        day.into_iter().for_each(|day| month.facts.record(day, state));
        Ok(())
    }
}

impl SignInMonth {
    /// Returns the facts, with the days that freezes cover on the day of the request.
    pub fn into_facts(mut self, today: NaiveDate) -> MonthFacts {
        if let Some((last_day, freezes)) = self.open_end {
            let since = last_day.iter_days().skip(1).take_while(|day| *day < today);
            // No more than freezes can cover: a user may have been away for years.
            let limit = usize::try_from(freezes).unwrap_or(0) + 1;
            let missed: BTreeSet<_> = since
                .filter(|day| !self.bridged_since.contains(day))
                .take(limit)
                .collect();
            if missed.len() < limit {
                self.facts.frozen_now = missed;
            }
        }
        self.facts
    }
}

/// Returns a number of the rule, which the database bounds.
fn number(stored: i64) -> i32 {
    i32::try_from(stored).unwrap_or(i32::MAX)
}
