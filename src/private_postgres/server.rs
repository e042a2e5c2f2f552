//! Starts the server on a cluster's folder and waits until it accepts connections.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::{
    account::Account,
    binaries::Binaries,
    error::{DeathReport, StartError, failed},
    folder::ClusterFolder,
    keeper::{Ending, ServerKeeper},
    log::LogFile,
};

/// Maximum time for a start: after a crash the server first replays its write-ahead log.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// Settings on the command line, which no configuration file can override. UTC, so that displayed times do not depend
/// on the machine's time zone.
const ALWAYS: [&str; 5] = [
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
];
const LASTING: [&str; 3] = ["fsync=on", "full_page_writes=on", "synchronous_commit=on"];
/// Settings for tests: many small pools, no durability, little space on the memory disk for the write-ahead log.
const TEMPORARY: [&str; 6] = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=250",
    "max_wal_size=256MB",
    // Plans of small data are not worth compiling.
    "jit=off",
];

/// Starts the server; `ending` also determines the durability of its data.
///
/// # Errors
/// Returns an error if the server cannot be started or does not become ready in time.
pub fn start(
    folder: &ClusterFolder,
    binaries: &Binaries,
    account: &Account,
    ending: Ending,
) -> Result<(ServerKeeper, LogFile), StartError> {
    let log = LogFile::open(folder.log(), account).map_err(failed("open", &folder.log()))?;
    let mut server = Command::new(binaries.program("postgres"));
    server.arg("-D").arg(folder.data()).arg("-k").arg(&folder.sockets);
    let settings = if ending == Ending::Fast {
        &LASTING[..]
    } else {
        &TEMPORARY[..]
    };
    let cluster_name = format!("cluster_name={}", folder.tag());
    for setting in ALWAYS.iter().chain(settings).copied().chain([cluster_name.as_str()]) {
        server.args(["-c", setting]);
    }
    let keeper = ServerKeeper::start(&server, ending, account, &log);
    let keeper = keeper.map_err(failed("start the server on", &folder.home))?;
    wait_until_ready(&keeper, &folder.data(), &log)?;
    Ok((keeper, log))
}

/// Waits for the status in the eighth line of `postmaster.pid`, as `pg_ctl` does.
fn wait_until_ready(keeper: &ServerKeeper, data: &Path, log: &LogFile) -> Result<(), StartError> {
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        if let Some(status) = keeper.status() {
            return Err(StartError::Ended(DeathReport::new(status, log)));
        }
        let state = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        // A standby accepts connections for reads.
        if state
            .lines()
            .nth(7)
            .is_some_and(|line| ["ready", "standby"].contains(&line.trim()))
        {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(StartError::TooSlow {
                seconds: START_PATIENCE.as_secs(),
                log: log.path.clone(),
            });
        }
        thread::sleep(Duration::from_millis(5));
    }
}
