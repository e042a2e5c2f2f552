//! The rule catalogue.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use crate::domain::award::AwardType;
use crate::domain::budget::Budget;
use crate::domain::qualification::{InviteParty, InviteTerms};
use crate::domain::rule::{AmountRule, Rule, RuleTerms, StreakRule, TargetRule};
use crate::domain::rule_texts::RuleTexts;
use crate::domain::streak::Forgiveness;
use crate::store::bounded::PgConnection;

/// Checked statement that returns rules, from its `where` on: `r` is the item, `v` the version, `t` the texts.
macro_rules! rule_query {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            r#"select item, r.award_type::text as "award_type!: AwardType", v.version, v.amount, v.amount_max,
                      v.amount_step, v.coin_id, v.daily_limit, v.target_rule::text as "target_rule!: TargetRule",
                      extract(epoch from v.hold)::bigint as "hold_seconds!", v.opens_at, v.closes_at, v.enabled,
                      v.streak_length, v.streak_repeats, v.day_budget, v.total_budget, v.make_up_days, v.make_up_limit,
                      v.freeze_every, v.freeze_limit, v.changed_by, v.reason, v.created_at,
                      v.pays::text as "pays?: InviteParty", v.required_items as "required_items?", v.sign_in_days, v.within_days,
                      v.max_account_age_days, v.friends, v.lifetime_limit,
                      t.title_en, t.title_zh, t.description_en, t.description_zh, t.link
               from rules r join rule_versions v using (item) left join rule_texts t using (item) "#
                + $rest
            $(, $argument)*
        )
        .map(|row| Rule {
            item: row.item,
            award_type: row.award_type,
            version: row.version,
            terms: RuleTerms {
                amount: amount_rule(row.amount, row.amount_max, row.amount_step),
                coin_id: row.coin_id,
                daily_limit: row.daily_limit,
                target_rule: row.target_rule,
                hold: TimeDelta::seconds(row.hold_seconds),
                opens_at: row.opens_at,
                closes_at: row.closes_at,
                enabled: row.enabled,
                streak: streak_rule(row.streak_length, row.streak_repeats),
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
                invite: InviteTerms {
                    pays: row.pays.unwrap_or_default(),
                    required_items: row.required_items.unwrap_or_default(),
                    sign_in_days: row.sign_in_days,
                    within_days: row.within_days,
                    max_account_age_days: row.max_account_age_days,
                    friends: row.friends,
                    lifetime_limit: row.lifetime_limit,
                },
            },
            texts: RuleTexts {
                title_en: row.title_en,
                title_zh: row.title_zh,
                description_en: row.description_en,
                description_zh: row.description_zh,
                link: row.link,
            },
            changed_by: row.changed_by,
            reason: row.reason,
            created_at: row.created_at,
        })
    };
}

/// Returns the amount of a rule from its stored form.
pub(super) fn amount_rule(least: Decimal, most: Option<Decimal>, step: Option<Decimal>) -> AmountRule {
    match most.zip(step) {
        Some((most, step)) => AmountRule::Range { least, most, step },
        None => AmountRule::Fixed(least),
    }
}

/// Returns the streak of a rule from its stored form.
pub(super) fn streak_rule(length: Option<i32>, repeats: bool) -> Option<StreakRule> {
    length.map(|length| StreakRule { length, repeats })
}

/// Returns the error for a column value that this version does not support, because the database is newer than the
/// program.
pub(super) fn unknown(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("column {column} holds a value that this version of newbee does not support").into())
}

/// Returns the current version of an item's rule.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn current_rule(connection: impl PgExecutor<'_>, item: &str) -> sqlx::Result<Option<Rule>> {
    rule_query!("where item = $1 order by v.version desc limit 1", item)
        .fetch_optional(connection)
        .await
}

/// Returns the version of an item's rule that was in force at an instant. Returns `None` if there was none yet.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn rule_at(connection: impl PgExecutor<'_>, item: &str, at: DateTime<Utc>) -> sqlx::Result<Option<Rule>> {
    rule_query!(
        "where item = $1 and v.created_at <= $2 order by v.version desc limit 1",
        item,
        at,
    )
    .fetch_optional(connection)
    .await
}

/// Returns versions of the rule of one item or of all, newest first. Without `with_history`, only the current version
/// of each.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>, item: Option<&str>, with_history: bool) -> sqlx::Result<Vec<Rule>> {
    rule_query!(
        "where ($1::text is null or item = $1)
           and ($2 or v.version = (select max(version) from rule_versions where item = r.item))
         order by item, v.version desc",
        item,
        with_history,
    )
    .fetch_all(connection)
    .await
}

/// Returns the first of these items that no report or sign-in can be paid by: unknown, disabled, closed, or of another
/// type than NEWBEE and DAILY.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn first_unpayable(
    connection: impl PgExecutor<'_>,
    items: &[&str],
    at: DateTime<Utc>,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select asked.item as "item!" from unnest($1::text[]) with ordinality as asked (item, place)
           where not exists (
               select 1 from current_rules r
               where r.item = asked.item and r.award_type in ('NEWBEE', 'DAILY') and r.enabled
                 and (r.closes_at is null or r.closes_at > $2))
           order by place limit 1"#,
        items as _,
        at
    )
    .fetch_optional(connection)
    .await
}

/// Adds an item to the catalogue unless it exists, and locks it until the transaction ends, so that versions are
/// added one after the other. Returns the stored type of the item.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_item(connection: &mut PgConnection, item: &str, award_type: AwardType) -> sqlx::Result<AwardType> {
    sqlx::query!(
        r#"with locked as (
               insert into rules as r (item, award_type) values ($1, $2::text::award_type)
               on conflict (item) do update set award_type = r.award_type
               returning award_type
           )
           select award_type::text as "award_type!: AwardType" from locked"#,
        item,
        award_type.name()
    )
    .map(|row| row.award_type)
    .fetch_one(connection)
    .await
}

/// Inserts a version after the last one of its item.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_version(connection: &mut PgConnection, rule: &Rule) -> sqlx::Result<()> {
    let (terms, invite) = (&rule.terms, &rule.terms.invite);
    sqlx::query!(
        "insert into rule_versions (item, version, amount, amount_max, amount_step, coin_id, daily_limit,
                                    target_rule, hold, opens_at, closes_at, enabled, streak_length,
                                    streak_repeats, changed_by, reason, created_at, day_budget, total_budget, make_up_days,
                                    make_up_limit, freeze_every, freeze_limit, pays, required_items, sign_in_days,
                                    within_days, max_account_age_days, friends, lifetime_limit)
         values ($1, $2, $3, $4, $5, $6, $7, $8::text::target_rule, make_interval(secs => $9), $10, $11, $12, $13,
                 $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24::text::invite_party, nullif($25::text[], '{}'),
                 $26, $27, $28, $29, $30)",
        rule.item,
        rule.version,
        terms.amount.least(),
        terms.amount.most(),
        terms.amount.step(),
        terms.coin_id,
        terms.daily_limit,
        terms.target_rule.name(),
        terms.hold.num_seconds() as f64,
        terms.opens_at,
        terms.closes_at,
        terms.enabled,
        terms.streak.map(|streak| streak.length),
        terms.streak.is_some_and(|streak| streak.repeats),
        rule.changed_by,
        rule.reason,
        rule.created_at,
        terms.budget.day,
        terms.budget.total,
        terms.forgiveness.make_up_days,
        terms.forgiveness.make_ups_per_month,
        terms.forgiveness.freeze_every,
        terms.forgiveness.max_freezes,
        // Null for all others, which other types than INVITE must not have.
        Some(invite.pays).filter(|pays| *pays != InviteParty::default()).map(InviteParty::name),
        &invite.required_items[..],
        invite.sign_in_days,
        invite.within_days,
        invite.max_account_age_days,
        invite.friends,
        invite.lifetime_limit
    )
    .execute(connection)
    .await
    .map(|_| ())
}
