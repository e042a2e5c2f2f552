//! `newbee key …`

use crate::store::bounded::PgPool;
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::json;

use super::database;
use super::table::{table, utc};
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::api_key::Scope;
use crate::domain::audit::Author;
use crate::service::api_keys::{self, ApiKeyRecord};

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make an API key and print it, this once
    #[command(after_help = "Examples:\n  HOST_KEY=$(newbee key create chat --scope host)\n  \
        newbee key create dashboard --scope ops-read\n  newbee key create ann --scope ops-write --scope host\n\n\
        host: register users, session keys and tasks. ops-read: look at everything. ops-write: change rules,\n\
        campaigns and awards, and look. Only the key goes to standard output. It is stored as a hash and cannot\n\
        be shown again; the audit log knows it by its name.")]
    Create(CreateArgs),
    /// List the API keys and what they may do
    List(ListArgs),
    /// End an API key at once
    Revoke(RevokeArgs),
}

#[derive(Args, Debug)]
pub struct CreateArgs {
    /// Who uses it, such as chat: small letters, digits, hyphens and underscores
    name: String,
    /// What it may do: host, ops-read or ops-write; may be given more than once
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

#[derive(Args, Debug)]
pub struct ListArgs {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

#[derive(Args, Debug)]
pub struct RevokeArgs {
    /// The name of the key
    name: String,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| "expected host, ops-read or ops-write".to_owned())
}

pub async fn run(command: KeyCommand, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let author = Author::at_the_command_line(clock.now());
    match command {
        KeyCommand::Create(args) => {
            let (pool, _) = database::open(&args.database, &args.business, problems).await?;
            let key = api_keys::make_api_key(&pool, &args.name, &args.scopes, &author).await??;
            println!("{}", key.reveal());
        }
        KeyCommand::List(args) => {
            let (pool, _) = database::open(&args.database, &args.business, problems).await?;
            list(&pool, args.json).await?;
        }
        KeyCommand::Revoke(args) => {
            let (pool, _) = database::open(&args.database, &args.business, problems).await?;
            let name = &args.name;
            match api_keys::revoke_api_key(&pool, name, &author)
                .await?
                .map_err(|refusal| anyhow!(refusal))?
            {
                true => println!("Ended the API key {name}."),
                false => println!("The API key {name} had been ended before. Nothing was changed."),
            }
        }
    }
    Ok(())
}

async fn list(pool: &PgPool, as_json: bool) -> anyhow::Result<()> {
    let keys = api_keys::list_api_keys(pool).await?;
    if as_json {
        let keys: Vec<_> = keys.iter().map(as_value).collect();
        println!("{}", serde_json::to_string_pretty(&keys)?);
        return Ok(());
    }
    if keys.is_empty() {
        println!("There are no API keys. Make one: newbee key create chat --scope host");
        return Ok(());
    }
    let mut rows = table(&["NAME", "SCOPES", "MADE (UTC)", "BY", "ENDED (UTC)"]);
    for key in &keys {
        let ended = key.revoked_at.map_or("-".to_owned(), utc);
        rows.add_row([
            key.name.clone(),
            names(key).join(", "),
            utc(key.created_at),
            key.created_by.clone(),
            ended,
        ]);
    }
    println!("{rows}");
    Ok(())
}

fn names(key: &ApiKeyRecord) -> Vec<&'static str> {
    key.scopes.iter().map(|scope| scope.name()).collect()
}

fn as_value(key: &ApiKeyRecord) -> serde_json::Value {
    json!({
        "name": key.name,
        "scopes": names(key),
        "createdAt": key.created_at,
        "createdBy": key.created_by,
        "revokedAt": key.revoked_at,
        "revokedBy": key.revoked_by,
    })
}
