//! Long lists of the admin API, read page by page: invitees of a user, places and claims of campaigns.

use clap::Args;
use serde_json::{Value, json};

use super::admin::Admin;
use super::output;
use super::table::Rows;

/// Number of rows per request.
const PAGE: usize = 1_000;
/// Number of rows that are shown without --all.
const SHOWN: usize = 100;

/// Length of a list.
#[derive(Args, Clone, Copy, Debug)]
pub struct LengthArgs {
    /// Show all rows, instead of the first 100; with --json for export
    #[arg(long)]
    pub all: bool,
}

/// List of the admin API.
pub struct List {
    /// Root field of the query.
    field: &'static str,
    /// Query with the variables `id`, `first` and `after`.
    query: &'static str,
    /// Field of a row that the next page starts after.
    key: &'static str,
    /// Columns of the table, with their headings.
    columns: &'static [(&'static str, &'static str)],
}

pub const INVITEES: List = List {
    field: "invitees",
    query: "query ($id: ID!, $first: Int!, $after: ID) { invitees(userId: $id, first: $first, after: $after) {
        userId boundAt state awardId awardStatus amount coinId
        qualifications { item ruleVersion pays state signInDays requiredSignInDays doneItems requiredItems lastDay awardId unpaid } } }",
    key: "userId",
    columns: &[
        ("USER", "userId"),
        ("BOUND (UTC)", "boundAt"),
        ("STATE", "state"),
        ("AWARD", "awardId"),
        ("STATUS", "awardStatus"),
        ("AMOUNT", "amount"),
        ("COIN", "coinId"),
    ],
};

pub const PLACES: List = List {
    field: "reservationPlaces",
    query:
        "query ($id: String!, $first: Int!, $after: ID) { reservationPlaces(key: $id, first: $first, after: $after) {
        userId reservedAt awardId awardStatus } }",
    key: "userId",
    columns: &[
        ("USER", "userId"),
        ("RESERVED (UTC)", "reservedAt"),
        ("AWARD", "awardId"),
        ("STATUS", "awardStatus"),
    ],
};

pub const CLAIMS: List = List {
    field: "wordClaims",
    query: "query ($id: ID!, $first: Int!, $after: Int = 0) { wordClaims(id: $id, first: $first, after: $after) {
        number place userId amount awardId awardStatus claimedAt } }",
    key: "number",
    columns: &[
        ("CLAIM", "number"),
        ("SHARE", "place"),
        ("USER", "userId"),
        ("AMOUNT", "amount"),
        ("AWARD", "awardId"),
        ("STATUS", "awardStatus"),
        ("CLAIMED (UTC)", "claimedAt"),
    ],
};

/// Prints a list of the object with an ID.
///
/// # Errors
/// A read fails, or standard output cannot be written.
pub async fn print(admin: &Admin, list: &List, id: &str, length: LengthArgs, as_json: bool) -> anyhow::Result<()> {
    let (mut rows, mut after): (Vec<Value>, Value) = (Vec::new(), Value::Null);
    let first = if length.all { PAGE } else { SHOWN };
    loop {
        let mut variables = json!({ "id": id, "first": first });
        if !after.is_null() {
            variables["after"] = after;
        }
        let mut page = admin.ask(list.field, list.query, variables).await?;
        let page: Vec<Value> = page.as_array_mut().map(std::mem::take).unwrap_or_default();
        let is_last = page.len() < first || !length.all;
        after = page.last().map(|row| row[list.key].clone()).unwrap_or_default();
        rows.extend(page);
        if is_last {
            break;
        }
    }
    if as_json {
        return output::json(&rows);
    }
    if rows.is_empty() {
        return Ok(output::line("The list is empty.")?);
    }
    let headings: Vec<_> = list.columns.iter().map(|(heading, _)| *heading).collect();
    let mut table = Rows::new(&headings);
    for row in &rows {
        let cell = |(_, field): &(&str, &str)| match &row[*field] {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        table.add(list.columns.iter().map(cell).collect::<Vec<_>>());
    }
    Ok(output::line(table.into_text())?)
}
