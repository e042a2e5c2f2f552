//! Awards of rules in a distributed database: statements of one shard each, and with constants of the rule, since Citus
//! evaluates no function of columns in an insert.

use super::qualifications;
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::id::AwardId;
use crate::domain::rule::TargetRule;
use crate::store::awards::{self, NewAward};
use crate::store::bounded::PgConnection;

/// Inserts an award according to a version of its rule, like [`awards::insert`], on one node or several. Returns `None` if
/// it exists already.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(connection: &mut PgConnection, new: NewAward<'_>) -> sqlx::Result<Option<Award>> {
    if !connection.is_distributed() {
        return awards::insert(connection, new).await;
    }
    let rule = new.rule;
    let user = new.user_id.0;
    let invitees = qualifications::pending(&mut *connection, &[user]).await?;
    qualifications::lock_feeds(&mut *connection, &invitees).await?;
    let change = sqlx::query_scalar!(
        "insert into award_feeds as f (user_id, last_change) values ($1, 1)
         on conflict (user_id) do update set last_change = f.last_change + 1
         returning last_change",
        user
    )
    .fetch_one(&mut *connection)
    .await?;
    let is_once = rule.terms.target_rule == TargetRule::Once;
    if rule.award_type == AwardType::Newbee || is_once {
        // What an old system paid once for all time is not paid again; nor is a target that counts once.
        let is_paid = sqlx::query_scalar!(
            r#"select exists (
                   select 1 from awards
                   where user_id = $1 and item = $2
                     and (($3 and source = 'import' and award_type = 'NEWBEE') or ($4 and target_id = $5))) as "is_paid!""#,
            user,
            rule.item,
            rule.award_type == AwardType::Newbee,
            is_once,
            new.target_id
        )
        .fetch_one(&mut *connection)
        .await?;
        if is_paid {
            return Ok(None);
        }
    }
    let source = match is_once {
        true => format!("{}:once", rule.item),
        false => rule.item.clone(),
    };
    let made = sqlx::query!(
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                             business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
         values ($1, $2, $3, $4, $5::text::award_type, $6, draw_amount($7, $8, $9), $10, $11, $12,
                 $13::timestamptz + $14::interval, $13, $13, $15, $16)
         on conflict do nothing
         returning award_id, amount, settles_at",
        user,
        source,
        new.source_key,
        rule.item,
        rule.award_type.name(),
        rule.version,
        rule.terms.amount.least(),
        rule.terms.amount.most(),
        rule.terms.amount.step(),
        rule.terms.coin_id,
        new.target_id,
        new.moment.day,
        new.moment.at,
        rule.terms.hold as _,
        new.recorded_by,
        change,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(made) = made else { return Ok(None) };
    let award = Award {
        id: AwardId(made.award_id),
        user_id: new.user_id,
        item: rule.item.clone(),
        award_type: rule.award_type,
        amount: made.amount,
        coin_id: rule.terms.coin_id.clone(),
        target_id: new.target_id.map(str::to_owned),
        status: AwardStatus::Pending,
        business_day: new.moment.day,
        settles_at: made.settles_at,
        created_at: new.moment.at,
        updated_at: new.moment.at,
        change,
    };
    qualifications::advance(connection, &invitees, std::slice::from_ref(&award), new.recorded_by).await?;
    Ok(Some(award))
}
