//! Bonuses for lengths that a streak reaches other than by a sign-in: by a made-up day, or by bridging a day.

use chrono::NaiveDate;

use crate::domain::award::{Award, AwardType};
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::rule::Rule;
use crate::domain::streak::bonus_key;
use crate::store::awards::NewAward;
use crate::store::bounded::PgConnection;
use crate::store::{budgets, citus, rules};

/// Lengths that a streak has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    pub user_id: UserId,
    pub first_day: NaiveDate,
    /// Lengths up to this one were reached before, by this streak or a part of it.
    pub above: i32,
    pub length: i32,
}

/// Returns the rules of bonuses that are open at an instant.
///
/// # Errors
/// If the database fails.
pub async fn bonus_rules(connection: &mut PgConnection, moment: BusinessTime) -> sqlx::Result<Vec<Rule>> {
    let mut bonuses = rules::list(connection, None, false).await?;
    bonuses.retain(|rule| rule.award_type == AwardType::Bonus && rule.is_open(moment.at));
    Ok(bonuses)
}

/// Pays the bonuses for the reached lengths, each once per first day and length of the streak, within the budgets of
/// the rules. The caller holds the lock of the user's streak.
///
/// # Errors
/// If the database fails.
pub async fn pay(
    connection: &mut PgConnection,
    bonuses: &[Rule],
    reached: Reached,
    moment: BusinessTime,
    recorded_by: Option<&str>,
) -> sqlx::Result<Vec<Award>> {
    let mut paid = Vec::new();
    for rule in bonuses {
        let Some(streak) = rule.terms.streak else { continue };
        for length in streak.lengths_between(reached.above, reached.length) {
            // The budget is checked after the insert, because only then the award is known to be new.
            let mut both = connection.begin().await?;
            let new = NewAward {
                user_id: reached.user_id,
                rule,
                source_key: &bonus_key(reached.first_day, length),
                target_id: None,
                moment,
                recorded_by,
            };
            let award = citus::awards::insert(&mut both, new).await?;
            match award {
                Some(award) if budgets::take(&mut both, rule, moment.day, award.amount).await? => {
                    both.commit().await?;
                    paid.push(award);
                }
                _ => both.rollback().await?,
            }
        }
    }
    Ok(paid)
}
