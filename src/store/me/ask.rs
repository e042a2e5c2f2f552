//! Queries for parts of a user's data, and their answers.

use chrono::NaiveDate;
use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;

use super::{Balance, Child, ChildKey, PartSpec, Profile, SignIn, TaskCount, TaskRule};
use super::{awards, balances, children, invitation, profile, sign_in, tasks};
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::id::{AwardId, UserId};
use crate::domain::invitation::Invitation;

/// Parts that a statement can contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Part {
    Profile,
    NewbeeAwards,
    TodayAwards,
    AwardsNewestFirst,
    AwardsOldestFirst,
    AwardsTotal,
    AwardById,
    TaskRules,
    TaskCounts,
    SignIn,
    Balances,
    Invitation,
    ChildrenNewestFirst,
    ChildrenOldestFirst,
    ChildrenTotal,
    ChildById,
}

impl Part {
    pub const ALL: [Self; 16] = [
        Self::Profile,
        Self::NewbeeAwards,
        Self::TodayAwards,
        Self::AwardsNewestFirst,
        Self::AwardsOldestFirst,
        Self::AwardsTotal,
        Self::AwardById,
        Self::TaskRules,
        Self::TaskCounts,
        Self::SignIn,
        Self::Balances,
        Self::Invitation,
        Self::ChildrenNewestFirst,
        Self::ChildrenOldestFirst,
        Self::ChildrenTotal,
        Self::ChildById,
    ];

    pub(super) fn spec(self) -> &'static PartSpec {
        match self {
            Self::Profile => &profile::PROFILE,
            Self::NewbeeAwards => &awards::NEWBEE,
            Self::TodayAwards => &awards::TODAY,
            Self::AwardsNewestFirst => &awards::NEWEST_FIRST,
            Self::AwardsOldestFirst => &awards::OLDEST_FIRST,
            Self::AwardsTotal => &awards::TOTAL,
            Self::AwardById => &awards::BY_ID,
            Self::TaskRules => &tasks::RULES,
            Self::TaskCounts => &tasks::COUNTS,
            Self::SignIn => &sign_in::SIGN_IN,
            Self::Balances => &balances::BALANCES,
            Self::Invitation => &invitation::INVITATION,
            Self::ChildrenNewestFirst => &children::NEWEST_FIRST,
            Self::ChildrenOldestFirst => &children::OLDEST_FIRST,
            Self::ChildrenTotal => &children::TOTAL,
            Self::ChildById => &children::BY_ID,
        }
    }
}

/// Query of one part. Equal queries of a batch are answered once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    pub(super) part: Part,
    pub(super) user: UserId,
    other: Option<i64>,
    day: Option<NaiveDate>,
    filter: AwardFilter,
    below: Bound,
    above: Bound,
    limit: i64,
    with_counts: bool,
}

/// Filter of awards; `None` matches all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AwardFilter {
    pub award_type: Option<AwardType>,
    pub status: Option<AwardStatus>,
}

/// Open interval of keys, and the end from which rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range<Key> {
    pub below: Option<Key>,
    pub above: Option<Key>,
    pub newest_first: bool,
    pub limit: usize,
}

/// Key at the end of a range, in the columns of `asked`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Bound {
    id: Option<i64>,
    at: Option<chrono::DateTime<chrono::Utc>>,
}

impl From<AwardId> for Bound {
    fn from(id: AwardId) -> Self {
        Self {
            id: Some(id.0),
            at: None,
        }
    }
}

impl From<ChildKey> for Bound {
    fn from(key: ChildKey) -> Self {
        Self {
            id: Some(key.user_id.0),
            at: Some(key.bound_at),
        }
    }
}

impl Ask {
    fn new(part: Part, user: UserId) -> Self {
        Self {
            part,
            user,
            other: None,
            day: None,
            filter: AwardFilter::default(),
            below: Bound::default(),
            above: Bound::default(),
            limit: 0,
            with_counts: false,
        }
    }

    fn within<Key: Into<Bound>>(self, range: Range<Key>) -> Self {
        Self {
            below: range.below.map(Into::into).unwrap_or_default(),
            above: range.above.map(Into::into).unwrap_or_default(),
            limit: range.limit as i64,
            ..self
        }
    }

    /// Returns a query of name and portrait: [`Answer::Profile`].
    pub fn profile(user: UserId) -> Self {
        Self::new(Part::Profile, user)
    }

    /// Returns a query of all NEWBEE awards: [`Answer::Awards`].
    pub fn newbee_awards(user: UserId) -> Self {
        Self::new(Part::NewbeeAwards, user)
    }

    /// Returns a query of the DAILY awards of a day: [`Answer::Awards`].
    pub fn today_awards(user: UserId, day: NaiveDate) -> Self {
        Self {
            day: Some(day),
            ..Self::new(Part::TodayAwards, user)
        }
    }

    /// Returns a query of a page of awards by id: [`Answer::Awards`].
    pub fn awards(user: UserId, filter: AwardFilter, range: Range<AwardId>) -> Self {
        let part = if range.newest_first {
            Part::AwardsNewestFirst
        } else {
            Part::AwardsOldestFirst
        };
        Self {
            filter,
            ..Self::new(part, user).within(range)
        }
    }

    /// Returns a query of the number of awards: [`Answer::Total`].
    pub fn awards_total(user: UserId, filter: AwardFilter) -> Self {
        Self {
            filter,
            ..Self::new(Part::AwardsTotal, user)
        }
    }

    /// Returns a query of one award, if it belongs to the user: [`Answer::Awards`].
    pub fn award_by_id(user: UserId, award: AwardId) -> Self {
        Self {
            other: Some(award.0),
            ..Self::new(Part::AwardById, user)
        }
    }

    /// Returns a query of the enabled NEWBEE and DAILY rules, which are the same for all users:
    /// [`Answer::TaskRules`].
    pub fn task_rules() -> Self {
        Self::new(Part::TaskRules, UserId(0))
    }

    /// Returns a query of the number of awards per task, in total for NEWBEE and on that day for DAILY:
    /// [`Answer::TaskCounts`].
    pub fn task_counts(user: UserId, day: NaiveDate) -> Self {
        Self {
            day: Some(day),
            ..Self::new(Part::TaskCounts, user)
        }
    }

    /// Returns a query of the streak and of the sign-in award of a day: [`Answer::SignIn`].
    pub fn sign_in(user: UserId, day: NaiveDate) -> Self {
        Self {
            day: Some(day),
            ..Self::new(Part::SignIn, user)
        }
    }

    /// Returns a query of settled and pending sums by coin: [`Answer::Balances`].
    pub fn balances(user: UserId) -> Self {
        Self::new(Part::Balances, user)
    }

    /// Returns a query of the user's invitation: [`Answer::Invitation`].
    pub fn invitation(user: UserId) -> Self {
        Self::new(Part::Invitation, user)
    }

    /// Returns a query of a page of children, optionally with the number of each child's own children:
    /// [`Answer::Children`].
    pub fn children(user: UserId, range: Range<ChildKey>, with_counts: bool) -> Self {
        let part = if range.newest_first {
            Part::ChildrenNewestFirst
        } else {
            Part::ChildrenOldestFirst
        };
        Self {
            with_counts,
            ..Self::new(part, user).within(range)
        }
    }

    /// Returns a query of the number of children: [`Answer::Total`].
    pub fn children_total(user: UserId) -> Self {
        Self::new(Part::ChildrenTotal, user)
    }

    /// Returns a query of one child, if it belongs to the user: [`Answer::Children`].
    pub fn child_by_id(user: UserId, child: UserId) -> Self {
        Self {
            other: Some(child.0),
            ..Self::new(Part::ChildById, user)
        }
    }
}

/// Column of the `asked` rows of a part.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    UserId,
    OtherId,
    Day,
    AwardType,
    Status,
    BelowId,
    BelowTime,
    AboveId,
    AboveTime,
    RowLimit,
    WithCounts,
}

impl Argument {
    /// Returns the column's name in SQL and its type.
    pub fn declaration(self) -> (&'static str, &'static str) {
        match self {
            Self::UserId => ("user_id", "int8"),
            Self::OtherId => ("other_id", "int8"),
            Self::Day => ("day", "date"),
            Self::AwardType => ("award_type", "int2"),
            Self::Status => ("status", "int2"),
            Self::BelowId => ("below_id", "int8"),
            Self::BelowTime => ("below_time", "timestamptz"),
            Self::AboveId => ("above_id", "int8"),
            Self::AboveTime => ("above_time", "timestamptz"),
            Self::RowLimit => ("row_limit", "int8"),
            Self::WithCounts => ("with_counts", "bool"),
        }
    }

    /// Binds this column of all queries of a part as one array.
    ///
    /// # Errors
    /// Returns an error if the array cannot be encoded.
    pub fn bind(self, asks: &[Ask], arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        fn array<T>(asks: &[Ask], value: impl Fn(&Ask) -> T) -> Vec<T> {
            asks.iter().map(value).collect()
        }
        match self {
            Self::UserId => arguments.add(array(asks, |ask| ask.user.0)),
            Self::OtherId => arguments.add(array(asks, |ask| ask.other)),
            Self::Day => arguments.add(array(asks, |ask| ask.day)),
            Self::AwardType => arguments.add(array(asks, |ask| ask.filter.award_type.map(|kind| kind as i16))),
            Self::Status => arguments.add(array(asks, |ask| ask.filter.status.map(|status| status as i16))),
            Self::BelowId => arguments.add(array(asks, |ask| ask.below.id)),
            Self::BelowTime => arguments.add(array(asks, |ask| ask.below.at)),
            Self::AboveId => arguments.add(array(asks, |ask| ask.above.id)),
            Self::AboveTime => arguments.add(array(asks, |ask| ask.above.at)),
            Self::RowLimit => arguments.add(array(asks, |ask| ask.limit)),
            Self::WithCounts => arguments.add(array(asks, |ask| ask.with_counts)),
        }
    }
}

/// Answer to one [`Ask`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// `None` if the user does not exist.
    Profile(Option<Profile>),
    /// By id, ascending.
    Awards(Vec<Award>),
    /// By item.
    TaskRules(Vec<TaskRule>),
    TaskCounts(Vec<TaskCount>),
    SignIn(SignIn),
    /// By coin.
    Balances(Vec<Balance>),
    Invitation(Option<Invitation>),
    /// By binding time and id, ascending.
    Children(Vec<Child>),
    Total(i64),
}

impl Answer {
    /// Sorts rows into the order that the variants document: SQL guarantees no order across a join.
    pub(super) fn arrange(&mut self) {
        match self {
            Self::Awards(awards) => awards.sort_by_key(|award| award.id),
            Self::TaskRules(rules) => rules.sort_by(|a, b| a.item.cmp(&b.item)),
            Self::Balances(balances) => balances.sort_by(|a, b| a.coin_id.cmp(&b.coin_id)),
            Self::Children(children) => children.sort_by_key(Child::key),
            Self::Profile(_) | Self::TaskCounts(_) | Self::SignIn(_) | Self::Invitation(_) | Self::Total(_) => {}
        }
    }
}
