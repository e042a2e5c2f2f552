//! Budgets of rules, with forecasts.

use async_graphql::{Context, Object, SimpleObject};

use super::context::AdminContext;
use crate::domain::api_key::Scope;
use crate::domain::budget::BudgetUse;
use crate::graphql::NullableField;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::loaders::ops::BudgetRecord;

#[derive(Default)]
pub(super) struct BudgetQueries;

#[Object]
impl BudgetQueries {
    /// Returns the budgets of the rules in force, by item, with what is left and when it will be used up. Needs
    /// OPS_READ.
    async fn budgets(&self, ctx: &Context<'_>) -> NullableField<Vec<RuleBudget>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let budgets = context.ops.budgets(context.moment.day).await?;
            Ok(budgets
                .into_iter()
                .map(|budget| RuleBudget::new(budget, context))
                .collect())
        };
        Some(found.await)
    }
}

/// Budget of a rule.
#[derive(SimpleObject)]
struct RuleBudget {
    /// Item of the rule.
    item: String,
    /// Host application's coin ID.
    coin_id: String,
    /// Budget of the current business day; null if unlimited.
    day: Option<BudgetPeriod>,
    /// Time at which the budget of the day is used up at today's pace; null if it lasts.
    day_runs_out_at: Option<DateTime>,
    /// Budget of all days; null if unlimited.
    total: Option<BudgetPeriod>,
    /// Day on which the total budget is used up at the average of the last seven closed days; null without such a day
    /// or without a total budget.
    total_runs_out_on: Option<Date>,
    /// Average sum of the item's awards on the last seven closed days; null if no day is closed.
    daily_average: Option<Decimal>,
}

impl RuleBudget {
    fn new(budget: BudgetRecord, context: &AdminContext) -> Self {
        let (calendar, now) = (context.calendar, context.moment);
        let (begin, end) = (calendar.day_starts_at(now.day), calendar.next_day_starts_at(now.at));
        let total_runs_out_on = budget
            .total
            .zip(budget.pace)
            .and_then(|(total, pace)| total.runs_out_on(now.day, pace));
        Self {
            item: budget.item,
            coin_id: budget.coin_id,
            day_runs_out_at: budget
                .day
                .and_then(|day| day.runs_out_at(now.at, begin, end))
                .map(DateTime),
            day: budget.day.map(BudgetPeriod::from),
            total: budget.total.map(BudgetPeriod::from),
            total_runs_out_on: total_runs_out_on.map(Date),
            daily_average: budget.pace.map(Decimal),
        }
    }
}

/// Limit of the awards of one period, and how much of it is used.
#[derive(SimpleObject)]
struct BudgetPeriod {
    /// Maximum sum of awards.
    limit: Decimal,
    /// Sum of the awards made, including voided ones.
    spent: Decimal,
    /// Sum that can still be awarded.
    left: Decimal,
}

impl From<BudgetUse> for BudgetPeriod {
    fn from(used: BudgetUse) -> Self {
        Self {
            limit: Decimal(used.limit),
            spent: Decimal(used.spent),
            left: Decimal(used.left()),
        }
    }
}
