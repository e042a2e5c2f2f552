//! Who is at the command line, for the history and the audit log.

use crate::domain::audit::Author;
use crate::scheduler::Scheduler;

/// The person by the name that the operating system knows: `command line:ann`.
pub fn author(scheduler: &Scheduler) -> Author {
    let author = Author::at_the_command_line(scheduler.ledger.clock.now());
    let user: String = os_user().chars().take(80).collect();
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
