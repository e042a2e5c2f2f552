//! `newbee key …`: API keys.

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::common::{CommonArgs, author};
use super::output;
use super::table::{Rows, utc};
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::api_key::Scope;
use crate::domain::audit::Author;
use crate::service::api_keys::{self, ApiKeyRecord};
use crate::store::bounded::PgPool;

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create an API key and print it once
    #[command(after_help = "Examples:\n  HOST_KEY=$(newbee key create chat --scope host)\n  \
        newbee key create dashboard --scope ops-read\n  newbee key create ann --scope ops-write --scope host\n\n\
        Scopes: host registers users, session keys and tasks; ops-read reads everything; ops-write reads everything and \
        changes rules, campaigns and awards; ops-grant reads everything, and grants awards and approves grants of others; act \
        signs users in and submits words, invitation codes and reservations for them.\n\n\
        Only the key is written to standard output. It is stored as a hash and cannot be shown again; the audit log \
        records its name. If the key cannot be printed, it is not created.")]
    Create(CreateArgs),
    /// List the API keys and their scopes
    List(ListArgs),
    /// Revoke an API key immediately
    #[command(after_help = "Example:\n  newbee key revoke chat")]
    Revoke(RevokeArgs),
}

#[derive(Args, Debug)]
pub struct CreateArgs {
    /// Name of the key's user, such as chat: lowercase letters, digits, hyphens or underscores
    name: String,
    /// Scope: host, ops-read, ops-write, ops-grant or act; can be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args, Debug)]
pub struct RevokeArgs {
    /// The name of the key
    name: String,
    #[command(flatten)]
    common: CommonArgs,
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| "expected host, ops-read, ops-write, ops-grant or act".to_owned())
}

/// Runs `newbee key …`.
///
/// # Errors
/// The configuration is invalid, the database fails, the request is rejected, or standard output cannot be written.
pub async fn run(command: KeyCommand, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let author = author(clock.now());
    match command {
        KeyCommand::Create(args) => {
            let (pool, _) = args.common.open(problems).await?;
            create(&pool, &args, &author).await
        }
        KeyCommand::List(args) => {
            let (pool, _) = args.common.open(problems).await?;
            list(&pool, args.common.json).await
        }
        KeyCommand::Revoke(args) => {
            let (pool, _) = args.common.open(problems).await?;
            revoke(&pool, &args, &author).await
        }
    }
}

/// Prints the key before storing it, so that a key that could not be printed is never stored.
async fn create(pool: &PgPool, args: &CreateArgs, author: &Author) -> anyhow::Result<()> {
    output::check_leads_somewhere()?;
    let new = api_keys::prepare_api_key(pool, &args.name, &args.scopes, author).await?;
    let shown = match args.common.json {
        true => output::secret(&serde_json::to_string_pretty(&json!({
            "name": args.name,
            "key": new.key.reveal(),
            "scopes": names(&args.scopes),
        }))?),
        false => output::secret(new.key.reveal()),
    };
    shown.context("The API key was not created because it could not be printed.")?;
    let kept = new.keep().await;
    kept.context("The API key that was just printed could not be stored, so it is not valid. Try again.")?;
    Ok(())
}

async fn list(pool: &PgPool, as_json: bool) -> anyhow::Result<()> {
    let keys = api_keys::list_api_keys(pool).await?;
    if as_json {
        let keys: Vec<_> = keys.iter().map(as_value).collect();
        return output::json(&keys);
    }
    if keys.is_empty() {
        output::line("There are no API keys. Create one: newbee key create chat --scope host")?;
        return Ok(());
    }
    let mut rows = Rows::new(&["NAME", "SCOPES", "CREATED (UTC)", "BY", "REVOKED (UTC)"]);
    for key in &keys {
        rows.add([
            key.name.clone(),
            names(&key.scopes).join(", "),
            utc(key.created_at),
            key.created_by.clone(),
            key.revoked_at.map_or("-".to_owned(), utc),
        ]);
    }
    Ok(output::line(rows.into_text())?)
}

async fn revoke(pool: &PgPool, args: &RevokeArgs, author: &Author) -> anyhow::Result<()> {
    let name = &args.name;
    let changed = api_keys::revoke_api_key(pool, name, author).await?;
    match (args.common.json, changed) {
        (true, _) => output::json(&json!({ "name": name, "changed": changed })),
        (false, true) => Ok(output::line(format_args!("Revoked the API key {name}."))?),
        (false, false) => Ok(output::line(format_args!(
            "The API key {name} was already revoked before. Nothing was changed."
        ))?),
    }
}

fn names(scopes: &[Scope]) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.name()).collect()
}

fn as_value(key: &ApiKeyRecord) -> Value {
    json!({
        "name": key.name,
        "scopes": names(&key.scopes),
        "createdAt": output::api_time(key.created_at),
        "createdBy": key.created_by,
        "revokedAt": key.revoked_at.map(output::api_time),
        "revokedBy": key.revoked_by,
    })
}
