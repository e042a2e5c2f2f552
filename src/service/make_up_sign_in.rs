//! Making up a missed sign-in (补签). The day counts in its streak as if the user had signed in. It pays no award of its
//! own, but the bonuses for the lengths that the streak reaches by it.

use chrono::NaiveDate;

use super::reached_bonuses::{self, Reached};
use super::{Applied, Failure};
use crate::domain::award::Award;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::id::UserId;
use crate::domain::make_up::{MakeUpRejection, PastDay};
use crate::domain::streak::{Streak, earliest_last_days};
use crate::store::award_changes::notify_later;
use crate::store::bounded::{PgConnection, PgPool};
use crate::store::transaction::retrying_idempotent;
use crate::store::{bridges, rules, sign_ins, streaks};

/// Makes up the sign-in of a past day and returns the bonuses that it earned. If the day is made up already, the call
/// succeeds and changes nothing.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn make_up_sign_in(
    pool: &PgPool,
    calendar: Calendar,
    user: UserId,
    day: NaiveDate,
    now: BusinessTime,
) -> Result<Applied<Vec<Award>>, Failure<MakeUpRejection>> {
    // Without the lock: a day that cannot be made up at any time needs none.
    if day >= now.day {
        return Err(MakeUpRejection::NotPast.into());
    }
    let made_up = retrying_idempotent!(make_up_in_transaction(pool, calendar, user, day, now))?;
    if !made_up.state.is_empty() {
        notify_later(pool);
    }
    Ok(made_up)
}

async fn make_up_in_transaction(
    pool: &PgPool,
    calendar: Calendar,
    user: UserId,
    day: NaiveDate,
    now: BusinessTime,
) -> Result<Applied<Vec<Award>>, Failure<MakeUpRejection>> {
    let mut transaction = pool.begin().await?;
    // An erased user: their session keys are ended, but this request began before.
    let Some(created_at) = streaks::lock(&mut transaction, user).await? else {
        return Err(MakeUpRejection::Closed.into());
    };
    let past = streaks::past_day(&mut *transaction, user, day).await?;
    if past.is_made_up {
        return Ok(Applied::before(Vec::new()));
    }
    let rule = rules::current_rule(&mut *transaction, sign_ins::ITEM).await?;
    let rule = rule
        .filter(|rule| rule.is_open(now.at))
        .ok_or(MakeUpRejection::Closed)?;
    let make_up = rule.terms.forgiveness.make_up().ok_or(MakeUpRejection::Closed)?;
    let facts = PastDay {
        day,
        account_day: calendar.day_of(created_at),
        is_covered: past.is_signed_in || past.is_forgiven,
        made_up_in_month: past.made_up_in_month,
    };
    make_up.check(facts, now.day)?;
    streaks::insert_made_up(&mut *transaction, user, day, rule.version, now).await?;
    let last = streaks::find(&mut *transaction, user).await?;
    let reached = match last {
        Some(last) if day < last.last_day => join(&mut transaction, user, day, last).await?,
        _ => {
            let freezes = rule.terms.forgiveness.freezes();
            let bridged = bridges::days(&mut *transaction).await?;
            let day_before = calendar.day_before(day);
            let earliest = earliest_last_days(day_before, &bridged, freezes.map_or(0, |freezes| freezes.most));
            let streak = Streak::after(last, day, day_before, &earliest, freezes);
            streaks::update(&mut *transaction, user, &streak).await?;
            Some(Reached {
                user_id: user,
                first_day: streak.first_day(),
                above: streak.length - 1,
                length: streak.length,
            })
        }
    };
    let bonuses = match reached {
        Some(reached) => {
            let rules = reached_bonuses::bonus_rules(&mut transaction, now).await?;
            reached_bonuses::pay(&mut transaction, &rules, reached, now, None).await?
        }
        None => Vec::new(),
    };
    transaction.commit().await?;
    Ok(Applied::now(bonuses))
}

/// Joins a made-up day with the days around it, which may lengthen the current streak or only an earlier one. Returns the
/// lengths that the current streak has reached by it.
async fn join(
    connection: &mut PgConnection,
    user: UserId,
    day: NaiveDate,
    last: Streak,
) -> sqlx::Result<Option<Reached>> {
    let run = streaks::run_around(&mut *connection, user, day).await?;
    if run.last_day < last.last_day {
        let earlier = Streak {
            best: last.best.max(run.length),
            ..last
        };
        streaks::update(connection, user, &earlier).await?;
        return Ok(None);
    }
    let joined = Streak {
        length: run.length,
        skipped: run.skipped,
        ..last
    };
    streaks::update(connection, user, &joined).await?;
    Ok(Some(Reached {
        user_id: user,
        first_day: joined.first_day(),
        // Both parts reached their own lengths before.
        above: last.length.max(joined.length - last.length - 1),
        length: joined.length,
    }))
}
