//! Rules that pay for sign-ins.

use chrono::TimeDelta;

use super::bounded::PgConnection;
use super::rules::{self, amount_rule, streak_rule};
use super::sign_ins::{ITEM, SignInRules};
use crate::domain::award::AwardType;
use crate::domain::budget::Budget;
use crate::domain::qualification::InviteTerms;
use crate::domain::rule::{Rule, RuleTerms, TargetRule};
use crate::domain::rule_texts::RuleTexts;
use crate::domain::streak::Forgiveness;

/// Returns the current rules that pay for sign-ins. A statement that relies on them compares the version of the
/// catalogue, which is read first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn current(connection: &mut PgConnection) -> sqlx::Result<SignInRules> {
    let row = sqlx::query!(
        r#"select c.version as catalogue,
                  (select count(*) from current_rules where award_type = 'BONUS') as "bonus_count!",
                  exists (select 1 from current_rules
                          where (item = 'sign_in' or award_type = 'BONUS')
                            and num_nonnulls(day_budget, total_budget) > 0) as "has_budgets!",
                  array(select day from bridged_days order by day) as "bridged!",
                  r.item as "item?", r.award_type::text as "award_type?: AwardType", r.version as "version?",
                  r.amount as "amount?", r.amount_max, r.amount_step, r.coin_id as "coin_id?", r.daily_limit,
                  r.target_rule::text as "target_rule?: TargetRule",
                  extract(epoch from r.hold)::bigint as "hold_seconds?", r.opens_at, r.closes_at,
                  r.enabled as "enabled?", r.streak_length, r.streak_repeats as "streak_repeats?", r.day_budget,
                  r.total_budget, r.make_up_days, r.make_up_limit, r.freeze_every, r.freeze_limit,
                  r.changed_by as "changed_by?", r.reason as "reason?", r.created_at as "created_at?"
           from rule_catalogue c left join current_rules r on r.item = 'sign_in'"#
    )
    .fetch_one(&mut *connection)
    .await?;
    let budgeted = match row.has_budgets {
        true => rules::list(connection, None, false).await?,
        false => Vec::new(),
    };
    let is_budgeted =
        |rule: &Rule| !rule.terms.budget.is_unlimited() && (rule.item == ITEM || rule.award_type == AwardType::Bonus);
    let budgeted = budgeted.into_iter().filter(is_budgeted).collect();
    let sign_in = || {
        Some(Rule {
            item: row.item?,
            award_type: row.award_type?,
            version: row.version?,
            terms: RuleTerms {
                amount: amount_rule(row.amount?, row.amount_max, row.amount_step),
                coin_id: row.coin_id?,
                daily_limit: row.daily_limit,
                target_rule: row.target_rule?,
                hold: TimeDelta::seconds(row.hold_seconds?),
                opens_at: row.opens_at,
                closes_at: row.closes_at,
                enabled: row.enabled?,
                streak: streak_rule(row.streak_length, row.streak_repeats?),
                budget: Budget {
                    day: row.day_budget,
                    total: row.total_budget,
                },
                forgiveness: Forgiveness {
                    make_up_days: row.make_up_days,
                    make_ups_per_month: row.make_up_limit,
                    freeze_every: row.freeze_every,
                    max_freezes: row.freeze_limit,
                },
                invite: InviteTerms::default(),
            },
            // Not read: sign-ins do not depend on them.
            texts: RuleTexts::default(),
            changed_by: row.changed_by?,
            reason: row.reason?,
            created_at: row.created_at?,
        })
    };
    Ok(SignInRules {
        catalogue: row.catalogue,
        bonus_count: row.bonus_count,
        budgeted,
        sign_in: sign_in(),
        bridged: row.bridged,
    })
}
