//! `newbee award retry`, `void` and `reverse`.

use anyhow::bail;
use chrono::NaiveDate;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::admin::{Admin, read};
use crate::cli::table::counted;
use crate::cli::{output, values};

/// GraphQL operation of a correction.
macro_rules! operation {
    ($field:literal) => {
        concat!(
            "mutation ($selection: AwardSelectionInput!, $reason: String!, $dryRun: Boolean!) { ",
            $field,
            "(selection: $selection, reason: $reason, dryRun: $dryRun) {
                changed { status coinId count amount } unchanged { status coinId count amount }
                problems { code message } } }"
        )
    };
}

/// Kind of a correction, with its texts.
pub struct Correction {
    field: &'static str,
    operation: &'static str,
    /// Verb of the result, as in "Voided 3 awards".
    done: &'static str,
    /// Verb of a dry run, as in "Would void 3 awards".
    would: &'static str,
    /// Reason why matching awards were left unchanged.
    left: &'static str,
}

pub const RETRY: Correction = Correction {
    field: "retryAwards",
    operation: operation!("retryAwards"),
    done: "Released",
    would: "Would release",
    left: "not parked",
};

pub const VOID: Correction = Correction {
    field: "voidAwards",
    operation: operation!("voidAwards"),
    done: "Voided",
    would: "Would void",
    left: "not pending",
};

pub const REVERSE: Correction = Correction {
    field: "reverseAwards",
    operation: operation!("reverseAwards"),
    done: "Reversed",
    would: "Would reverse",
    left: "not settled",
};

#[derive(Args, Debug)]
pub struct CorrectArgs {
    /// Award IDs
    #[arg(value_name = "AWARD", value_parser = values::award_id)]
    ids: Vec<i64>,
    /// All parked awards, at most 100 at a time
    #[arg(long, conflicts_with_all = ["ids", "user", "item", "day"])]
    parked: bool,
    /// Awards of this user
    #[arg(long, value_name = "USER_ID", value_parser = values::user_id)]
    user: Option<i64>,
    /// Awards of this item; together with AWARD, --user or --day
    #[arg(long, value_name = "ITEM")]
    item: Option<String>,
    /// Awards of this business day
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = values::day)]
    day: Option<NaiveDate>,
    /// Reason, recorded with each award
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Show the effect without changing anything
    #[arg(long)]
    dry_run: bool,
}

#[derive(Deserialize)]
struct Payload {
    changed: Vec<Group>,
    unchanged: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    status: String,
    coin_id: String,
    count: i64,
    amount: String,
}

/// Corrects the selected awards and prints the result.
///
/// # Errors
/// The selection matches no award or is rejected, the write fails, or standard output cannot be written.
pub async fn run(admin: &Admin, correction: &Correction, args: &CorrectArgs, as_json: bool) -> anyhow::Result<()> {
    let selection = selection(admin, args).await?;
    let variables = json!({ "selection": selection, "reason": args.reason, "dryRun": args.dry_run });
    let payload = admin.change(correction.field, correction.operation, variables).await?;
    if as_json {
        return output::json(&payload);
    }
    let Payload { changed, unchanged } = read(&payload)?;
    if changed.is_empty() && unchanged.is_empty() {
        bail!("No award matches. Nothing was changed.");
    }
    let verb = if args.dry_run {
        correction.would
    } else {
        correction.done
    };
    let mut lines: Vec<String> = changed.iter().map(|group| format!("{verb} {}.", sum(group))).collect();
    for group in &unchanged {
        lines.push(format!(
            "Left {} unchanged: {} ({}).",
            sum(group),
            group.status,
            correction.left
        ));
    }
    if args.dry_run {
        lines.push("Nothing was changed.".to_owned());
    } else if changed.is_empty() {
        output::line(lines.join("\n"))?;
        bail!("Nothing was changed.");
    }
    Ok(output::line(lines.join("\n"))?)
}

fn sum(group: &Group) -> String {
    format!(
        "{}: {} of coin {}",
        counted(group.count, "award"),
        group.amount,
        group.coin_id
    )
}

async fn selection(admin: &Admin, args: &CorrectArgs) -> anyhow::Result<Value> {
    if args.parked {
        let (_, parked) = super::parked(admin).await?;
        if parked.is_empty() {
            bail!("No award is parked. Nothing was changed.");
        }
        let ids: Vec<String> = parked.into_iter().map(|award| award.id).collect();
        return Ok(json!({ "ids": ids }));
    }
    let ids: Vec<String> = args.ids.iter().map(|id| format!("award_{id}")).collect();
    if ids.is_empty() && args.user.is_none() && args.day.is_none() {
        bail!("Select the awards by ID, --parked, --user or --day. Nothing was changed.");
    }
    Ok(json!({
        "ids": Some(ids).filter(|ids| !ids.is_empty()),
        "userId": args.user.map(|user| user.to_string()),
        "item": args.item,
        "businessDay": args.day,
    }))
}
