//! `newbee task …`: completed tasks.

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

use super::common::{CommonArgs, author};
use super::{output, values};
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::id::{NodeId, UserId};
use crate::domain::money::wire_amount;
use crate::domain::task::{MAX_IDEMPOTENCY_KEY_LENGTH, MAX_TARGET_LENGTH, TaskRejection, TaskReport};
use crate::service::Failure;
use crate::service::record_tasks::record_tasks;

#[derive(Debug, Subcommand)]
pub enum TaskCommand {
    /// Record a completed task and create its award
    Record(RecordArgs),
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee task record 17 join_group --target 19 --key group-19-joined-by-17\n  \
    newbee task record 17 set_fomo_id --key fomo-17\n\n\
    The key makes retries safe: the same key with the same content returns the first result, also after midnight. The \
    same key with other content is rejected."
)]
pub struct RecordArgs {
    /// User ID assigned by the host application
    #[arg(value_parser = values::user_id)]
    user_id: i64,
    /// Item of the rule catalogue
    item: String,
    /// Target of the task, such as the group that was joined
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// Idempotency key: identifies this event uniquely at the host application
    #[arg(long)]
    key: String,
    /// Time of completion, such as 2026-11-22T23:59:00+08:00 [default: now]; its business day must not be closed
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    occurred_at: Option<DateTime<Utc>>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Runs `newbee task …`.
///
/// # Errors
/// The configuration is invalid, the clock is off, the database fails, or the task is rejected.
pub async fn run(command: TaskCommand, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let TaskCommand::Record(args) = command;
    let (pool, calendar) = args.common.open(problems).await?;
    // The business day comes from this machine's clock.
    super::server::check_clock(&pool, &clock).await?;
    let report = TaskReport {
        user_id: UserId(args.user_id),
        item: args.item,
        target_id: args.target,
        idempotency_key: args.key,
        occurred_at: args.occurred_at,
    };
    let author = author(clock.now());
    let mut results = record_tasks(
        &pool,
        calendar,
        vec![report.clone()],
        &author,
        calendar.moment(author.at),
    )
    .await;
    let recorded = results.remove(0).map_err(|failure| match failure {
        Failure::Rejected(rejection) => anyhow!(explain(&rejection, &report)),
        Failure::Failed(error) => error.into(),
    })?;
    let award = recorded.award;
    if args.common.json {
        return output::json(&json!({
            "award": {
                "id": NodeId::Award(award.id).to_string(),
                "amount": wire_amount(award.amount),
                "businessDay": award.business_day,
                "coinId": award.coin_id,
                "status": format!("{:?}", award.status).to_uppercase(),
            },
            "repeated": recorded.repeated,
        }));
    }
    Ok(output::line(format_args!(
        "{} award_{}: {} {} of coin {} for user {}, business day {}.",
        if recorded.repeated {
            "Already recorded:"
        } else {
            "Recorded:"
        },
        award.id.0,
        award.item,
        wire_amount(award.amount),
        award.coin_id,
        award.user_id.0,
        award.business_day,
    ))?)
}

fn explain(refusal: &TaskRejection, report: &TaskReport) -> String {
    let (user, item) = (report.user_id.0, &report.item);
    match refusal {
        TaskRejection::User(_) => {
            format!("There is no user {user}. Register the user first: newbee user add {user}")
        }
        TaskRejection::ItemUnknown => format!("The rule catalogue has no item {item:?}. See: newbee rule list"),
        TaskRejection::ItemNotATask => {
            format!("{item} is not a task reported by the host: newbee creates its awards itself.")
        }
        TaskRejection::TargetMissing => format!("{item} counts once a day per target. Specify it with --target."),
        TaskRejection::TargetNotAllowed => format!("{item} has no target. Omit --target."),
        TaskRejection::TargetInvalid => {
            format!("A target is 1 to {MAX_TARGET_LENGTH} characters without control characters.")
        }
        TaskRejection::KeyInvalid => {
            format!("A key is 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} characters without control characters.")
        }
        TaskRejection::Conflict => "CONFLICT: this key was already used for different content. Nothing was recorded; \
             use a new key for a new event."
            .to_owned(),
        TaskRejection::RuleClosed => {
            format!(
                "The rule of {item} was disabled or outside its window when the task was completed, so nothing was recorded. Report a later task with a new key."
            )
        }
        TaskRejection::AlreadyAwarded => format!("User {user} already has this award. Nothing was recorded."),
        TaskRejection::LimitReached { limit } => {
            format!(
                "User {user} has already received {item} {limit} times on that day, which is the limit. Nothing was recorded."
            )
        }
        TaskRejection::BudgetSpent => {
            format!("The budget of {item} is used up, so nothing was recorded. See: newbee rule budgets")
        }
        TaskRejection::DayClosed { day } => format!(
            "The business day {day} is closed, so nothing was recorded. Omit --occurred-at to count the task for today."
        ),
        TaskRejection::TryAgain => refusal.to_string(),
        TaskRejection::InTheFuture => {
            "--occurred-at is in the future, so nothing was recorded. Check the clock of the reporting machine."
                .to_owned()
        }
    }
}
