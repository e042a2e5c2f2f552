//! Rules that pay in addition to tasks: bonuses for streaks, and awards for invitations.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;

use super::rule_texts::{TEXTS, texts, with_texts};
use super::{Column, Part, PartSql};
use crate::domain::award::AwardType;
use crate::domain::id::UserId;
use crate::domain::qualification::InviteTerms;
use crate::domain::rule_texts::RuleTexts;
use crate::store::rules::unknown;

/// Enabled rule of type BONUS or INVITE, with the details that users see.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub item: String,
    pub award_type: AwardType,
    pub amount: Decimal,
    /// Maximum amount of one award, if it is more than `amount`.
    pub amount_max: Option<Decimal>,
    pub coin_id: String,
    /// Maximum number of awards per user and day; `None` is unlimited.
    pub daily_limit: Option<i64>,
    /// Time from the award to its settlement, in seconds.
    pub hold_seconds: i64,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    /// Length of the streak that earns a bonus.
    pub streak_length: Option<i64>,
    /// True if each multiple of the length earns it again.
    pub streak_repeats: bool,
    /// Conditions on invitees, and who is paid.
    pub invite: InviteTerms,
    pub texts: RuleTexts,
}

impl Offer {
    /// Returns true if the rule pays at an instant.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.opens_at.is_none_or(|opens| opens <= at) && self.closes_at.is_none_or(|closes| at < closes)
    }

    /// Returns the number of further consecutive sign-ins that earn a bonus after a streak; `None` if the streak is
    /// beyond it, or the offer is no bonus.
    pub fn sign_ins_left(&self, streak: i64) -> Option<i64> {
        let length = self.streak_length?;
        match self.streak_repeats {
            true => Some(length - streak % length),
            false => Some(length - streak).filter(|left| *left > 0),
        }
    }
}

/// Read of the enabled BONUS and INVITE rules, by type, streak length and item.
#[derive(Clone, PartialEq)]
pub struct ReadOffers;

static SQL: PartSql<ReadOffers> = PartSql {
    arguments: &[],
    columns: &[
        (Column::Text1, "r.item"),
        (Column::Text2, "r.coin_id"),
        (Column::Kind, "r.award_type::text"),
        (Column::Id, "r.streak_length::int8"),
        (Column::Number, "r.daily_limit::int8"),
        (Column::Number2, "extract(epoch from r.hold)::int8"),
        (Column::Amount1, "r.amount"),
        (Column::Amount2, "r.amount_max"),
        (Column::Time1, "r.opens_at"),
        (Column::Time2, "r.closes_at"),
        (
            // Conditions of an INVITE rule; "true" for a bonus that repeats.
            Column::Status,
            "case when r.award_type = 'BONUS' then r.streak_repeats::text else
                 jsonb_build_object('pays', coalesce(r.pays, 'INVITER'), 'requiredItems', coalesce(r.required_items, '{}'),
                     'signInDays', r.sign_in_days, 'withinDays', r.within_days, 'maxAccountAgeDays', r.max_account_age_days,
                     'friends', r.friends, 'lifetimeLimit', r.lifetime_limit)::text end",
        ),
        TEXTS,
    ],
    from: with_texts!("join current_rules r on r.enabled and r.award_type in ('BONUS', 'INVITE')"),
    // The rules are in no shard.
    from_of_shard: Some(with_texts!(
        "{asked} join current_rules r on r.enabled and r.award_type in ('BONUS', 'INVITE')"
    )),
};

impl Part for ReadOffers {
    type Value = Vec<Offer>;

    const IS_SHARED: bool = true;

    fn sql(&self) -> &'static PartSql<Self> {
        &SQL
    }

    fn add_row(&self, _: UserId, offers: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        let award_type = AwardType::from_name(Column::Kind.of(row)?).ok_or_else(|| unknown("award_type"))?;
        let of_type: &str = Column::Status.of(row)?;
        offers.push(Offer {
            item: Column::Text1.of(row)?,
            award_type,
            amount: Column::Amount1.of(row)?,
            amount_max: Column::Amount2.of(row)?,
            coin_id: Column::Text2.of(row)?,
            daily_limit: Column::Number.of(row)?,
            hold_seconds: Column::Number2.of(row)?,
            opens_at: Column::Time1.of(row)?,
            closes_at: Column::Time2.of(row)?,
            streak_length: Column::Id.of(row)?,
            streak_repeats: of_type == "true",
            invite: match award_type {
                AwardType::Invite => {
                    serde_json::from_str(of_type).map_err(|error| sqlx::Error::Decode(error.into()))?
                }
                _ => InviteTerms::default(),
            },
            texts: texts(row)?,
        });
        Ok(())
    }

    fn sort(offers: &mut Self::Value) {
        offers.sort_by(|a, b| (a.streak_length, &a.item).cmp(&(b.streak_length, &b.item)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bonus_says_how_many_sign_ins_are_left() {
        let bonus = |length, repeats| Offer {
            item: "bonus".into(),
            award_type: AwardType::Bonus,
            amount: Decimal::ONE,
            amount_max: None,
            coin_id: "1".into(),
            daily_limit: None,
            hold_seconds: 0,
            opens_at: None,
            closes_at: None,
            streak_length: Some(length),
            streak_repeats: repeats,
            invite: InviteTerms::default(),
            texts: RuleTexts::default(),
        };
        let left = |repeats| [0, 2, 3, 4].map(|streak| bonus(3, repeats).sign_ins_left(streak));
        assert_eq!(left(false), [Some(3), Some(1), None, None]);
        assert_eq!(left(true), [Some(3), Some(1), Some(3), Some(2)]);
    }
}
