//! Progress of invitees toward the awards of INVITE rules.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;

use super::{Column, Part, PartSql, argument};
use crate::domain::id::UserId;
use crate::domain::qualification::{InviteParty, Qualification};

/// Returns the qualifications of a JSON list; none for null.
///
/// # Errors
/// Returns an error if a value is not known to this version.
pub fn from_json(json: Option<&str>) -> sqlx::Result<Vec<Qualification>> {
    let parsed = json.map(serde_json::from_str).transpose();
    parsed
        .map(Option::unwrap_or_default)
        .map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Read of the qualifications of a user as an invitee, those that pay one of both.
#[derive(Clone, PartialEq)]
pub struct ReadQualifications {
    pub pays: InviteParty,
    /// Current business day.
    pub today: NaiveDate,
}

static OF_USER: PartSql<ReadQualifications> = PartSql {
    arguments: &[
        argument!("pays", "text", part => part.pays.name()),
        argument!("today", "date", part => part.today),
    ],
    columns: &[(
        Column::Text1,
        "shown_qualifications(asked.user_id, asked.pays::invite_party, asked.today)::text",
    )],
    from: "",
    from_of_shard: None,
};

impl Part for ReadQualifications {
    type Value = Vec<Qualification>;

    fn sql(&self) -> &'static PartSql<Self> {
        &OF_USER
    }

    fn add_row(&self, _: UserId, qualifications: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        *qualifications = from_json(Column::Text1.of(row)?)?;
        Ok(())
    }
}

/// Number of invitees in each state, under the rules with conditions that pay the inviter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildStates {
    pub pending: i64,
    pub qualified: i64,
    pub expired: i64,
    pub ineligible: i64,
}

/// Read of the number of a user's invitees in each state.
#[derive(Clone, PartialEq)]
pub struct ReadChildStates {
    /// Current business day.
    pub today: NaiveDate,
}

static STATES: PartSql<ReadChildStates> = PartSql {
    arguments: &[argument!("today", "date", part => part.today)],
    columns: &[
        (Column::Text1, "counted.state::text"),
        (Column::Number, "counted.children"),
    ],
    // The order of the states: PENDING before QUALIFIED before EXPIRED before INELIGIBLE.
    from: "cross join lateral (
    select of_child.state, count(*) as children
    from (select min(case when state = 'PENDING' and last_day < asked.today then 'EXPIRED' else state end) as state
          from qualifications where inviter_id = asked.user_id and pays = 'INVITER' group by user_id) of_child
    group by of_child.state
) counted",
    // A copy of qualifications is on every node.
    from_of_shard: None,
};

impl Part for ReadChildStates {
    type Value = ChildStates;

    fn sql(&self) -> &'static PartSql<Self> {
        &STATES
    }

    fn add_row(&self, _: UserId, states: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        let children = Column::Number.of(row)?;
        match Column::Text1.of::<&str>(row)? {
            "PENDING" => states.pending = children,
            "QUALIFIED" => states.qualified = children,
            "EXPIRED" => states.expired = children,
            _ => states.ineligible = children,
        }
        Ok(())
    }
}

/// Read of the time until which a user without an inviter can bind a code for an award; `None` if there is no such limit,
/// no open offer, or an inviter is bound.
#[derive(Clone, PartialEq)]
pub struct ReadBindableUntil {
    /// Time of the request.
    pub at: DateTime<Utc>,
}

static BINDABLE: PartSql<ReadBindableUntil> = PartSql {
    arguments: &[argument!("at", "timestamptz", part => part.at)],
    columns: &[(Column::Time1, "offers.until")],
    from: "join invitations i on i.user_id = asked.user_id and i.parent_id is null{i.user_id}
join users u on u.user_id = asked.user_id{u.user_id}
cross join lateral (
    select case when bool_and(num_nonnulls(max_account_age_days, closes_at) > 0)
                then max(least(u.created_at + make_interval(hours => 24 * max_account_age_days), closes_at)) end as until
    from current_rules
    where award_type = 'INVITE' and enabled and (opens_at is null or opens_at <= asked.at)
      and (closes_at is null or closes_at > asked.at)
) offers",
    from_of_shard: None,
};

impl Part for ReadBindableUntil {
    type Value = Option<DateTime<Utc>>;

    fn sql(&self) -> &'static PartSql<Self> {
        &BINDABLE
    }

    fn add_row(&self, _: UserId, until: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        *until = Column::Time1.of(row)?;
        Ok(())
    }
}
