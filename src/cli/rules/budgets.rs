//! `newbee rule budgets`: what is left of the budgets of the rules.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::json;

use crate::cli::admin::{Admin, read};
use crate::cli::output;
use crate::cli::table::{Rows, utc};

const BUDGETS: &str = "{ budgets { item coinId day { limit spent left } dayRunsOutAt total { limit spent left }
    totalRunsOutOn dailyAverage } }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Budget {
    item: String,
    coin_id: String,
    day: Option<Period>,
    day_runs_out_at: Option<DateTime<Utc>>,
    total: Option<Period>,
    total_runs_out_on: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct Period {
    limit: String,
    spent: String,
    left: String,
}

/// Prints the budgets, one line per limit.
///
/// # Errors
/// The read fails, or standard output cannot be written.
pub async fn run(admin: &Admin, as_json: bool) -> anyhow::Result<()> {
    let value = admin.ask("budgets", BUDGETS, json!({})).await?;
    if as_json {
        return output::json(&value);
    }
    let budgets: Vec<Budget> = read(&value)?;
    if budgets.is_empty() {
        return Ok(output::line(
            "No rule has a budget. To set one: newbee rule set ITEM --day-budget AMOUNT --reason TEXT",
        )?);
    }
    let mut rows = Rows::new(&["ITEM", "PERIOD", "COIN", "SPENT", "BUDGET", "LEFT", "USED UP"]);
    for budget in budgets {
        let day_end = budget.day_runs_out_at.map(|at| format!("{} UTC", utc(at)));
        let total_end = budget.total_runs_out_on.map(|day| day.to_string());
        for (name, period, end) in [("today", budget.day, day_end), ("total", budget.total, total_end)] {
            let Some(period) = period else { continue };
            rows.add([
                budget.item.clone(),
                name.to_owned(),
                budget.coin_id.clone(),
                period.spent,
                period.limit,
                period.left,
                end.unwrap_or_else(|| "-".to_owned()),
            ]);
        }
    }
    Ok(output::line(rows.into_text())?)
}
