//! `newbee user …`

use clap::{Args, Subcommand};

use super::database;
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::id::UserId;
use crate::service::register_user::register_user;
use crate::store::users::NewUser;

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
    let (pool, calendar) = database::open(&args.database, &args.business, problems).await?;
    let user = NewUser {
        user_id: UserId(args.user_id),
        name: args.name,
        portrait_uri: args.portrait_uri,
    };
    let now = calendar.moment(clock.now());
    let invitation = register_user(&pool, &user, args.code.as_deref(), now).await??;
    println!(
        "Registered user {}. Their invitation code is {}.",
        invitation.user_id.0, invitation.code
    );
    Ok(())
}
