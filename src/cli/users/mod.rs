//! `newbee user …`: users of the host application.

mod erase;
mod export;
mod show;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::json;

use super::admin::{Admin, read};
use super::common::{CommonArgs, author};
use super::lists::{self, LengthArgs};
use super::table::Rows;
use super::{output, values};
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::id::UserId;
use crate::domain::user::{UserRejection, UserReport};
use crate::service::Failure;
use crate::service::register_user::register_user;

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Register a user and assign an invitation code
    #[command(
        after_help = "Examples:\n  newbee user add 17 --name 小明\n  newbee user add 18 --name Ann --code ANN2026\n\n\
        To create a session key for the user: newbee session issue 17"
    )]
    Add(AddArgs),
    /// Find users by ID, invitation code or the beginning of the name
    #[command(after_help = "Examples:\n  newbee user find 小明\n  newbee user find ann2026")]
    Find(FindArgs),
    /// Show the details of a user: balances, awards and their status, session keys, changes
    #[command(
        after_help = "Examples:\n  newbee user show 17\n  newbee user show 17 --json | jq .balances\n\n\
        For one award: newbee award show AWARD"
    )]
    Show(ShowArgs),
    /// Print everything that is stored about a user as JSON
    Export(export::ExportArgs),
    /// Show the users who bound a user's invitation code, and what the inviter received
    #[command(
        after_help = "Examples:\n  newbee user invitees 17\n  newbee user invitees 17 --all --json > invitees.json"
    )]
    Invitees(InviteesArgs),
    /// Erase the personal data of a user; awards and ledger are kept under the user ID only
    Erase(erase::EraseArgs),
}

#[derive(Args, Debug)]
pub struct AddArgs {
    /// User ID assigned by the host application
    #[arg(value_parser = values::user_id)]
    user_id: i64,
    /// Displayed name
    #[arg(long)]
    name: Option<String>,
    /// URL of the portrait
    #[arg(long, value_name = "URI")]
    portrait_uri: Option<String>,
    /// Invitation code chosen by the host application, 1 to 12 characters [default: random]
    #[arg(long)]
    code: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args, Debug)]
pub struct FindArgs {
    /// User ID, invitation code in any spelling, or beginning of the name
    text: String,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args, Debug)]
pub struct ShowArgs {
    /// User ID assigned by the host application
    #[arg(value_parser = values::user_id)]
    user_id: i64,
    /// Number of awards, session keys and changes to show, at most 100
    #[arg(long, value_name = "NUMBER", default_value = "10", value_parser = values::page)]
    limit: u16,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args, Debug)]
pub struct InviteesArgs {
    /// User ID assigned by the host application
    #[arg(value_parser = values::user_id)]
    user_id: i64,
    #[command(flatten)]
    length: LengthArgs,
    #[command(flatten)]
    common: CommonArgs,
}

/// Runs `newbee user …`.
///
/// # Errors
/// The configuration is invalid, the database fails, the request is rejected, or standard output cannot be written.
pub async fn run(command: UserCommand, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    match command {
        UserCommand::Add(args) => add(args, problems, clock).await,
        UserCommand::Find(args) => find(&args, problems, clock).await,
        UserCommand::Erase(args) => erase::run(&args, problems, &author(clock.now())).await,
        UserCommand::Export(args) => {
            let admin = Admin::open(&args.common, problems, clock).await?;
            export::print(&admin, args.user_id).await
        }
        UserCommand::Invitees(args) => {
            let admin = Admin::open(&args.common, problems, clock).await?;
            let id = args.user_id.to_string();
            lists::print(&admin, &lists::INVITEES, &id, args.length, args.common.json).await
        }
        UserCommand::Show(args) => {
            let admin = Admin::open(&args.common, problems, clock).await?;
            show::print(&admin, args.user_id, args.limit, args.common.json).await
        }
    }
}

async fn add(args: AddArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let (pool, _) = args.common.open(problems).await?;
    let user = UserReport {
        user_id: UserId(args.user_id),
        name: args.name.map(Some),
        portrait_uri: args.portrait_uri.map(Some),
        code: args.code,
        class: None,
    };
    let author = author(clock.now());
    let invitation = register_user(&pool, &user, &author).await.map_err(explain)?;
    if args.common.json {
        return output::json(&json!({
            "id": invitation.user_id.0.to_string(),
            "invitation": { "code": invitation.code, "class": invitation.class },
        }));
    }
    Ok(output::line(format_args!(
        "Registered user {} with the invitation code {}.",
        invitation.user_id.0, invitation.code
    ))?)
}

fn explain(failure: Failure<UserRejection>) -> anyhow::Error {
    match failure {
        Failure::Rejected(exists @ UserRejection::UserExists) => {
            anyhow!("{exists} To create another session key: newbee session issue")
        }
        failure => failure.into(),
    }
}

const FIND: &str =
    "query ($text: String!) { findUsers(text: $text) { id name portraitUri createdAt updatedAt invitation { code } } }";

#[derive(serde::Deserialize)]
struct Found {
    id: String,
    name: Option<String>,
    invitation: Option<Invitation>,
}

#[derive(serde::Deserialize)]
struct Invitation {
    code: String,
}

async fn find(args: &FindArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let admin = Admin::open(&args.common, problems, clock).await?;
    let value = admin.ask("findUsers", FIND, json!({ "text": args.text })).await?;
    if args.common.json {
        return output::json(&value);
    }
    let users: Vec<Found> = read(&value)?;
    if users.is_empty() {
        return Ok(output::line(format_args!(
            "No user has the ID or invitation code {:?}, or a name that starts with it.",
            args.text
        ))?);
    }
    let mut rows = Rows::new(&["USER", "CODE", "NAME"]);
    for user in users {
        let code = user.invitation.map_or("-".to_owned(), |invitation| invitation.code);
        rows.add([user.id, code, user.name.unwrap_or_else(|| "-".to_owned())]);
    }
    Ok(output::line(rows.into_text())?)
}
