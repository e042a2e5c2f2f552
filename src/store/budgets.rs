//! Budgets of rules: the sums of their awards, in slots.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use crate::domain::budget::BudgetUse;
use crate::domain::rule::Rule;
use crate::store::bounded::PgConnection;

/// Takes the sum of new awards of a rule from its budget. Returns false if less is left; the caller then rolls the
/// awards back, and with them what may have been taken from one of the limits. Holds a slot of each limit until the
/// transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn take(connection: &mut PgConnection, rule: &Rule, day: NaiveDate, sum: Decimal) -> sqlx::Result<bool> {
    let limits = [(day, rule.terms.budget.day), (ALL_TIME, rule.terms.budget.total)];
    for (period, limit) in limits {
        let Some(limit) = limit else { continue };
        let taken = sqlx::query_scalar!(
            r#"select take_from_budget($1, $2, $3, $4, $5) as "taken!""#,
            rule.item,
            rule.terms.coin_id,
            period,
            limit,
            sum
        )
        .fetch_one(&mut *connection)
        .await?;
        if !taken {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Period of the total of a budget.
const ALL_TIME: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day of the calendar");

/// Returns true if the budget of a rule for a day has less left than its smallest award.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn is_spent(connection: impl PgExecutor<'_>, rule: &Rule, day: NaiveDate) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select 1 from budget_slots
               where item = $1 and coin_id = $2
                 and ((period = $3 and $4) or (period = '1900-01-01' and $5))
               group by period having sum(allotted - spent) < $6
           ) as "spent!""#,
        rule.item,
        rule.terms.coin_id,
        day,
        rule.terms.budget.day.is_some(),
        rule.terms.budget.total.is_some(),
        rule.terms.amount.least()
    )
    .fetch_one(connection)
    .await
}

/// Allots the budget of a new version of a rule to the slots of its total and of current days. The caller holds the
/// lock of the item. A limit below what is spent leaves nothing.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn resize(connection: &mut PgConnection, rule: &Rule, at: DateTime<Utc>) -> sqlx::Result<()> {
    let (item, coin, budget) = (&rule.item, &rule.terms.coin_id, rule.terms.budget);
    if budget.is_unlimited() {
        return Ok(());
    }
    if let Some(total) = budget.total {
        sqlx::query!(
            "insert into budget_slots (item, coin_id, period, slot, allotted)
             select $1, $2, '1900-01-01', n, slot_share($3, n) from generate_series(0, 7) n
             on conflict do nothing",
            item,
            coin,
            total
        )
        .execute(&mut *connection)
        .await?;
    }
    // Days that are over are not resized, except those that may still be open in some time zone.
    let since = at.date_naive() - chrono::Days::new(2);
    sqlx::query!(
        "select from budget_slots
         where item = $1 and coin_id = $2 and (period = '1900-01-01' or period >= $3) order by period desc, slot
         for update",
        item,
        coin,
        since
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with sums as (
             select period, case when period = '1900-01-01' then $4::numeric else $5::numeric end as budget,
                    sum(spent) as spent
             from budget_slots
             where item = $1 and coin_id = $2 and (period = '1900-01-01' or period >= $3)
             group by period
         )
         update budget_slots s set allotted = s.spent + slot_share(greatest(sums.budget - sums.spent, 0), s.slot)
         from sums
         where (s.item, s.coin_id, s.period) = ($1, $2, sums.period) and sums.budget is not null",
        item,
        coin,
        since,
        budget.total,
        budget.day
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Budget of a rule in force.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetRecord {
    pub item: String,
    pub coin_id: String,
    pub day: Option<BudgetUse>,
    pub total: Option<BudgetUse>,
    /// Average sum of all awards of the item on the last seven closed days; `None` if no day is closed.
    pub pace: Option<Decimal>,
}

/// Returns the budgets of the rules in force, by item.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>, today: NaiveDate) -> sqlx::Result<Vec<BudgetRecord>> {
    let used = |limit: Option<Decimal>, spent| limit.map(|limit| BudgetUse { limit, spent });
    sqlx::query!(
        r#"with last_days as (
               select day from business_days where state = 'CLOSED' order by day desc limit 7
           )
           select r.item as "item!", r.coin_id as "coin_id!", r.day_budget, r.total_budget,
                  coalesce((select sum(spent) from budget_slots s
                            where (s.item, s.coin_id, s.period) = (r.item, r.coin_id, $1)), 0) as "day_spent!",
                  coalesce((select sum(spent) from budget_slots s
                            where (s.item, s.coin_id, s.period) = (r.item, r.coin_id, '1900-01-01')), 0) as "total_spent!",
                  (select coalesce(sum(t.amount), 0) from business_day_totals t join last_days using (day)
                   where (t.item, t.coin_id) = (r.item, r.coin_id))
                  / (select nullif(count(*), 0) from last_days) as pace
           from current_rules r where num_nonnulls(r.day_budget, r.total_budget) > 0 order by r.item"#,
        today
    )
    .map(|row| BudgetRecord {
        item: row.item,
        coin_id: row.coin_id,
        day: used(row.day_budget, row.day_spent),
        total: used(row.total_budget, row.total_spent),
        pace: row.pace.map(|pace: Decimal| pace.round_dp(4)),
    })
    .fetch_all(connection)
    .await
}
