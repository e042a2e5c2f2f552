//! `newbee endpoint …`: webhooks of the host application.

use anyhow::{Context, bail};
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::admin::Admin;
use super::common::{CommonArgs, author};
use super::output;
use super::table::Rows;
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::host_event::{EventId, HostEventKind};
use crate::service::webhooks::{self, EndpointTerms, NewSecret};

/// Fields of an endpoint.
macro_rules! endpoint_fields {
    () => {
        "name url kinds disabledReason position pending pendingSince failures lastError nextAttemptAt lastSuccessAt \
         previousSecretUntil deadLetterCount allowsPrivate createdBy createdAt \
         deadLetters { after through failures error diedAt redeliveredAt }"
    };
}

const LIST: &str = concat!("{ endpoints { ", endpoint_fields!(), " } }");
const DISABLE: &str = concat!(
    "mutation ($name: String!, $reason: String!) { disableEndpoint(name: $name, reason: $reason) { changed endpoint { ",
    endpoint_fields!(),
    " } problems { code message } } }"
);
const ENABLE: &str = concat!(
    "mutation ($name: String!, $reason: String!) { enableEndpoint(name: $name, reason: $reason) { changed endpoint { ",
    endpoint_fields!(),
    " } problems { code message } } }"
);
const REDELIVER: &str = concat!(
    "mutation ($name: String!, $after: ID!, $reason: String!) { redeliver(name: $name, after: $after, reason: $reason) { \
     changed endpoint { ",
    endpoint_fields!(),
    " } problems { code message } } }"
);
const TEST: &str =
    "mutation ($name: String!) { testEndpoint(name: $name) { accepted status error problems { code message } } }";

#[derive(Args, Debug)]
pub struct EndpointArgs {
    #[command(subcommand)]
    command: EndpointCommand,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum EndpointCommand {
    /// Create an endpoint and print its secret once
    #[command(after_help = "Example:\n  \
        SECRET=$(newbee endpoint create chat https://chat.example/hooks/newbee --reason 'balances of the chat')\n\n\
        The job deliver_events posts changes to the URL as JSON, signed as Standard Webhooks describe. Only the secret is \
        written to standard output. If it cannot be printed, the endpoint is not created.")]
    Create(CreateArgs),
    /// List the endpoints with their position, failures and given-up requests
    List,
    /// Replace the secret of an endpoint and print the new one once
    #[command(after_help = "Example:\n  newbee endpoint rotate chat --overlap-hours 24 --reason 'yearly rotation'")]
    Rotate(RotateArgs),
    /// Send nothing to an endpoint until it is enabled
    #[command(after_help = "Example:\n  newbee endpoint disable chat --reason 'moves to another host'")]
    Disable(ChangeArgs),
    /// Enable an endpoint, which continues where it was
    #[command(after_help = "Example:\n  newbee endpoint enable chat --reason 'moved'")]
    Enable(ChangeArgs),
    /// Deliver all changes after a position again
    #[command(
        after_help = "Example:\n  newbee endpoint redeliver chat event_1200 --reason 'restored from a backup'\n\n\
        Changes keep their IDs, so the host application recognises those that it has."
    )]
    Redeliver(RedeliverArgs),
    /// Send a test message and show the reply
    #[command(after_help = "Example:\n  newbee endpoint test chat")]
    Test(NameArgs),
}

#[derive(Args, Debug)]
struct CreateArgs {
    /// Name of the endpoint, such as chat: lowercase letters, digits, hyphens or underscores
    name: String,
    /// URL that changes are posted to
    url: String,
    /// Kind of change, such as AWARD_SETTLED; can be repeated [default: all kinds]
    #[arg(long = "kind", value_name = "KIND", value_parser = kind)]
    kinds: Vec<HostEventKind>,
    /// Position after which to begin, such as event_1200 [default: from now on]
    #[arg(long, value_name = "POSITION", value_parser = position)]
    after: Option<EventId>,
    /// Allow a private address, and http instead of https
    #[arg(long)]
    allow_private: bool,
    /// Reason, recorded in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args, Debug)]
struct RotateArgs {
    /// Name of the endpoint
    name: String,
    /// Hours for which the previous secret signs too, at most 168
    #[arg(long, value_name = "HOURS", default_value = "24", value_parser = super::values::count)]
    overlap_hours: i32,
    /// Reason, recorded in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args, Debug)]
struct ChangeArgs {
    /// Name of the endpoint
    name: String,
    /// Reason, recorded in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args, Debug)]
struct RedeliverArgs {
    /// Name of the endpoint
    name: String,
    /// Position after which to deliver, such as event_1200
    #[arg(value_parser = position)]
    after: EventId,
    /// Reason, recorded in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args, Debug)]
struct NameArgs {
    /// Name of the endpoint
    name: String,
}

fn kind(text: &str) -> Result<HostEventKind, String> {
    HostEventKind::from_name(&text.to_ascii_uppercase().replace('-', "_")).ok_or_else(|| {
        let names: Vec<_> = HostEventKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn position(text: &str) -> Result<EventId, String> {
    EventId::parse(text).ok_or_else(|| "expected a position, such as event_1200".to_owned())
}

/// Runs `newbee endpoint …`.
///
/// # Errors
/// The configuration is invalid, the database fails, the request is rejected, the test message is not accepted, or standard
/// output cannot be written.
pub async fn run(args: EndpointArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let as_json = args.common.json;
    match args.command {
        EndpointCommand::Create(create) => {
            output::check_leads_somewhere()?;
            let (pool, _) = args.common.open(problems).await?;
            let terms = EndpointTerms {
                name: create.name,
                url: create.url,
                kinds: (!create.kinds.is_empty()).then_some(create.kinds),
                allows_private: create.allow_private,
                after: create.after,
                reason: create.reason,
            };
            show_and_keep(webhooks::create(&pool, &terms, &author(clock.now())).await?, as_json).await
        }
        EndpointCommand::Rotate(rotate) => {
            output::check_leads_somewhere()?;
            let (pool, _) = args.common.open(problems).await?;
            let overlap = Some(TimeDelta::hours(rotate.overlap_hours.into()));
            let author = author(clock.now());
            let rotated = webhooks::rotate_secret(&pool, &rotate.name, overlap, &rotate.reason, &author).await?;
            show_and_keep(rotated, as_json).await
        }
        other => change(other, &Admin::open(&args.common, problems, clock).await?, as_json).await,
    }
}

/// Prints the secret before it is stored, so that a secret that could not be printed is never in use.
async fn show_and_keep(new: NewSecret, as_json: bool) -> anyhow::Result<()> {
    let secret = new.secret.reveal();
    let position = EventId(new.endpoint.delivered_through).to_string();
    let shown = match as_json {
        true => output::secret(&serde_json::to_string_pretty(
            &json!({ "name": new.endpoint.name, "url": new.endpoint.url, "position": position, "secret": secret }),
        )?),
        false => output::secret(&secret),
    };
    shown.context("Nothing was changed because the secret could not be printed.")?;
    new.keep()
        .await
        .context("The secret that was just printed could not be stored, so it is not in use. Try again.")?;
    Ok(())
}

async fn change(command: EndpointCommand, admin: &Admin, as_json: bool) -> anyhow::Result<()> {
    let (field, operation, variables, done) = match command {
        EndpointCommand::List => return list(&admin.ask("endpoints", LIST, json!({})).await?, as_json),
        EndpointCommand::Test(args) => return test(admin, &args.name, as_json).await,
        EndpointCommand::Disable(args) => (
            "disableEndpoint",
            DISABLE,
            json!({ "name": args.name, "reason": args.reason }),
            format!("Disabled the endpoint {}.", args.name),
        ),
        EndpointCommand::Enable(args) => (
            "enableEndpoint",
            ENABLE,
            json!({ "name": args.name, "reason": args.reason }),
            format!("Enabled the endpoint {}. It continues where it was.", args.name),
        ),
        EndpointCommand::Redeliver(args) => (
            "redeliver",
            REDELIVER,
            json!({ "name": args.name, "after": args.after.to_string(), "reason": args.reason }),
            format!("The changes after {} are delivered to {} again.", args.after, args.name),
        ),
        EndpointCommand::Create(_) | EndpointCommand::Rotate(_) => bail!("These commands print a secret."),
    };
    let payload = admin.change(field, operation, variables).await?;
    match (as_json, payload["changed"].as_bool()) {
        (true, _) => output::json(&payload),
        (false, Some(true)) => Ok(output::line(done)?),
        (false, _) => Ok(output::line(
            "The endpoint already has this state. Nothing was changed.",
        )?),
    }
}

fn list(endpoints: &Value, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(endpoints);
    }
    let endpoints = endpoints.as_array().map(Vec::as_slice).unwrap_or_default();
    if endpoints.is_empty() {
        output::line("There are no endpoints. Create one: newbee endpoint create --help")?;
        return Ok(());
    }
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut rows = Rows::new(&[
        "NAME",
        "STATE",
        "POSITION",
        "PENDING",
        "FAILURES",
        "GIVEN UP",
        "LAST SUCCESS",
        "URL",
    ]);
    for endpoint in endpoints {
        let state = match endpoint["disabledReason"].is_null() {
            true if endpoint["failures"] != 0 => "failing",
            true => "active",
            false => "disabled",
        };
        rows.add([
            text(&endpoint["name"]),
            state.to_owned(),
            text(&endpoint["position"]),
            text(&endpoint["pending"]),
            text(&endpoint["failures"]),
            text(&endpoint["deadLetterCount"]),
            text(&endpoint["lastSuccessAt"]),
            text(&endpoint["url"]),
        ]);
    }
    let mut lines = vec![rows.into_text()];
    for endpoint in endpoints {
        let name = text(&endpoint["name"]);
        let reasons = [&endpoint["disabledReason"], &endpoint["lastError"]].into_iter();
        lines.extend(
            reasons
                .filter(|reason| !reason.is_null())
                .map(|reason| format!("{name}: {}", text(reason))),
        );
        for letter in endpoint["deadLetters"].as_array().into_iter().flatten() {
            if letter["redeliveredAt"].is_null() {
                lines.push(format!(
                    "{name}: gave up the changes after {} through {}: {}. To deliver them: newbee endpoint redeliver {name} \
                     {} --reason '…'",
                    text(&letter["after"]),
                    text(&letter["through"]),
                    text(&letter["error"]),
                    text(&letter["after"])
                ));
            }
        }
    }
    Ok(output::line(lines.join("\n"))?)
}

async fn test(admin: &Admin, name: &str, as_json: bool) -> anyhow::Result<()> {
    let payload = admin.change("testEndpoint", TEST, json!({ "name": name })).await?;
    if as_json {
        output::json(&payload)?;
    }
    match payload["error"].as_str() {
        Some(error) => bail!("The endpoint {name} did not accept the test message: {error}."),
        None if as_json => Ok(()),
        None => Ok(output::line(format_args!(
            "The endpoint {name} accepted the test message with the status {}.",
            payload["status"]
        ))?),
    }
}
