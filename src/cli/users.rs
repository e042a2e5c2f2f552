//! `newbee user …`

use std::borrow::Cow;

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::database;
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::audit::Author;
use crate::domain::id::UserId;
use crate::domain::language::Language;
use crate::domain::user::{UserRefusal, UserReport};
use crate::messages::Message;
use crate::service::register_user::register_user;

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Register a user, who gets an invitation code
    Add(AddArgs),
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee user add 17 --name 小明\n  newbee user add 18 --name Ann --code ANN2026\n\n\
    Then give them a key: newbee session issue 17"
)]
pub struct AddArgs {
    /// The host's own number of the user
    user_id: i64,
    /// How others see the user
    #[arg(long)]
    name: Option<String>,
    /// Where the user's portrait is
    #[arg(long, value_name = "URI")]
    portrait_uri: Option<String>,
    /// An invitation code of the host, 1 to 12 characters; left out, a random one is made
    #[arg(long)]
    code: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

pub async fn run(command: UserCommand, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let UserCommand::Add(args) = command;
    let (pool, _) = database::open(&args.database, &args.business, problems).await?;
    let user = UserReport {
        user_id: UserId(args.user_id),
        name: args.name.map(Some),
        portrait_uri: args.portrait_uri.map(Some),
        code: args.code,
        class: None,
    };
    let author = Author::at_the_command_line(clock.now());
    let registered = register_user(&pool, &user, &author).await?;
    let invitation = registered.map_err(|refusal| anyhow!(explain(refusal)))?;
    println!(
        "Registered user {}. Their invitation code is {}.",
        invitation.user_id.0, invitation.code
    );
    Ok(())
}

fn explain(refusal: UserRefusal) -> Cow<'static, str> {
    match refusal {
        UserRefusal::UserExists => {
            "There is a user of this id already, so nothing was changed. For another key of theirs: newbee session issue".into()
        }
        refusal => Message::from(refusal).text(Language::English),
    }
}
