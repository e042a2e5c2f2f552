//! `newbee distribute`: places the tables on the nodes of Citus.

use clap::Args;
use serde_json::json;

use super::table::{counted, table};
use super::{database, output, values};
use crate::config::{DatabaseArgs, Problems};
use crate::store::citus::{self, Distribution, Place, Step};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee distribute --dry-run\n  newbee distribute --shards 16\n\n\
    For a database that outgrew one server, on the coordinator of a Citus cluster: see deploy/scale.md. \
    Stop every newbee process first. An interrupted run is continued by the next one."
)]
pub struct DistributeArgs {
    /// Number of shards of the users, 1 to 256: two to four per node. It cannot be changed by a later run
    #[arg(long, value_name = "NUMBER", default_value = "16", value_parser = values::shards)]
    shards: u16,
    /// Show what would be done, without changing anything
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Runs `newbee distribute`.
///
/// # Errors
/// The configuration is invalid, the server cannot distribute the tables, or the database fails.
pub async fn run(args: &DistributeArgs, mut problems: Problems) -> anyhow::Result<()> {
    let settings = args.database.read(&mut problems);
    problems.into_result()?;
    let mut connection = database::open_long(&settings.expect("no problem was found")).await?;
    let (distribution, hindrance) = if args.dry_run {
        match citus::plan(&mut connection).await {
            Ok(plan) => (plan, None),
            // What would be done can be shown on every server.
            Err(error) if error.is_of_server() => (Distribution::none_done(), Some(error.to_string())),
            Err(error) => return Err(error.into()),
        }
    } else {
        (citus::distribute(&mut connection, u32::from(args.shards)).await?, None)
    };
    if args.json {
        return output::json(&json!({
            "shards": distribution.shards,
            "isPossible": hindrance.is_none(),
            "hindrance": hindrance,
            "tables": distribution.steps.iter().map(|step| json!({
                "table": step.table,
                "place": place(step),
                "isDone": step.is_done,
            })).collect::<Vec<_>>(),
        }));
    }
    let mut rows = table(&["TABLE", "PLACE", "STATE"]);
    for step in &distribution.steps {
        rows.add([step.table.to_owned(), place(step), state(step).to_owned()]);
    }
    output::print(&format!("{rows}\n"))?;
    let open = distribution.steps.iter().filter(|step| !step.is_done).count();
    match (hindrance, distribution.shards) {
        (Some(hindrance), _) => output::line(format_args!("Not possible here: {hindrance}."))?,
        (None, Some(shards)) if open == 0 => {
            output::line(format_args!(
                "The database is distributed, with {}.",
                counted(shards, "shard")
            ))?;
        }
        _ => output::line(format_args!(
            "{} to be placed.",
            counted(i64::try_from(open).unwrap_or(i64::MAX), "table")
        ))?,
    }
    Ok(())
}

fn place(step: &Step) -> String {
    match step.place {
        Place::ByUser(column) => format!("shards by {column}"),
        Place::Reference => "a copy on every node".to_owned(),
        Place::Coordinator => "coordinator".to_owned(),
        Place::Local => "coordinator, unknown to Citus".to_owned(),
    }
}

fn state(step: &Step) -> &'static str {
    if step.is_done { "done" } else { "to do" }
}
