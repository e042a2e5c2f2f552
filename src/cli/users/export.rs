//! `newbee user export`: everything that is stored about a user.

use anyhow::bail;
use clap::Args;
use serde_json::json;

use crate::cli::admin::Admin;
use crate::cli::common::CommonArgs;
use crate::cli::output;

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  newbee user export 17 > user-17.json\n\n\
    The output is JSON, with or without --json: profile, invitation and children, session keys and reports without their\n\
    hashes, awards, ledger, balances, streak, limits, word shares, reservations and the audit log. The read is recorded in\n\
    the audit log. To erase the user: newbee user erase")]
pub struct ExportArgs {
    /// User ID assigned by the host application
    #[arg(value_parser = crate::cli::values::user_id)]
    pub user_id: i64,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Prints the export of a user.
///
/// # Errors
/// The user is unknown, the read fails, or standard output cannot be written.
pub async fn print(admin: &Admin, user_id: i64) -> anyhow::Result<()> {
    let query = "query ($id: ID!) { userExport(id: $id) }";
    let export = admin
        .ask("userExport", query, json!({ "id": user_id.to_string() }))
        .await?;
    if export.is_null() {
        bail!("There is no user {user_id}. See: newbee user find TEXT");
    }
    output::json(&export)
}
