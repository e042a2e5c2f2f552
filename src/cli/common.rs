//! Options shared by all commands on the database, and the author of their changes.

use chrono::{DateTime, Utc};
use clap::Args;

use super::database;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::audit::Author;
use crate::domain::business_day::Calendar;
use crate::store::bounded::PgPool;

/// Options of every command on the database.
#[derive(Args, Clone, Debug)]
pub struct CommonArgs {
    /// Print JSON, with the fields of the admin API
    #[arg(long, global = true)]
    pub json: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub business: BusinessArgs,
}

impl CommonArgs {
    /// Opens the database like [`database::open`].
    ///
    /// # Errors
    /// Those of [`database::open`].
    pub async fn open(&self, problems: Problems) -> anyhow::Result<(PgPool, Calendar)> {
        database::open(&self.database, &self.business, problems).await
    }
}

/// Returns the author for the audit log, named after the operating-system user: `command line:ann`.
pub fn author(at: DateTime<Utc>) -> Author {
    let author = Author::at_the_command_line(at);
    let user: String = os_user().chars().filter(|c| !c.is_control()).take(80).collect();
    Author {
        name: format!("{}:{user}", author.name),
        ..author
    }
}

fn os_user() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    named
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
