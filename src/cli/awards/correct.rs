//! `newbee award retry`, `void` and `reverse`.

use anyhow::bail;
use chrono::NaiveDate;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::admin::{Admin, read};
use crate::cli::table::counted;
use crate::cli::{output, values};

/// The operation of a correction.
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

/// A kind of correction.
pub struct Correction {
    field: &'static str,
    operation: &'static str,
    /// What was done, as in "Voided 3 awards".
    done: &'static str,
    /// What a dry run says, as in "Would void 3 awards".
    would: &'static str,
    /// Why awards that fit were left as they are.
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
    done: "Withdrew",
    would: "Would withdraw",
    left: "not pending",
};

pub const REVERSE: Correction = Correction {
    field: "reverseAwards",
    operation: operation!("reverseAwards"),
    done: "Took back",
    would: "Would take back",
    left: "not settled",
};

#[derive(Args, Debug)]
pub struct CorrectArgs {
    /// Awards by their ids
    #[arg(value_name = "AWARD", value_parser = values::award_id)]
    ids: Vec<i64>,
    /// Every parked award, at most 100 at a time
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
    /// Why; kept with each award
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Show what would be done, and change nothing
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

/// Corrects the selected awards and prints what was changed.
///
/// # Errors
/// A selection that fits no award or is refused, a failed write, or a standard output that cannot be written.
pub async fn run(admin: &Admin, correction: &Correction, args: &CorrectArgs, as_json: bool) -> anyhow::Result<()> {
    let selection = selection(admin, args).await?;
    let variables = json!({ "selection": selection, "reason": args.reason, "dryRun": args.dry_run });
    let payload = admin.change(correction.field, correction.operation, variables).await?;
    if as_json {
        return output::json(&payload);
    }
    let Payload { changed, unchanged } = read(&payload)?;
    if changed.is_empty() && unchanged.is_empty() {
        bail!("No award fits, so nothing was changed.");
    }
    let verb = if args.dry_run {
        correction.would
    } else {
        correction.done
    };
    let mut lines: Vec<String> = changed.iter().map(|group| format!("{verb} {}.", sum(group))).collect();
    for group in &unchanged {
        lines.push(format!(
            "Left {} as they are: {} ({}).",
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
            bail!("No award is parked, so nothing was changed.");
        }
        let ids: Vec<String> = parked.into_iter().map(|award| award.id).collect();
        return Ok(json!({ "ids": ids }));
    }
    let ids: Vec<String> = args.ids.iter().map(|id| format!("award_{id}")).collect();
    if ids.is_empty() && args.user.is_none() && args.day.is_none() {
        bail!("Name the awards: their ids, --parked, --user or --day. Nothing was changed.");
    }
    Ok(json!({
        "ids": Some(ids).filter(|ids| !ids.is_empty()),
        "userId": args.user.map(|user| user.to_string()),
        "item": args.item,
        "businessDay": args.day,
    }))
}
