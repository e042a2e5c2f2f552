//! Private Postgres: the Postgres installed on this machine, run on a folder of newbee and on a private Unix socket,
//! without TCP, so that demo and tests need no manually created database.
//!
//! A cluster is *lasting* (its data is kept, and synced to disk) or *temporary* (for one test run, removed when this
//! process ends). All processes of a cluster end with this one, even after a kill -9: see `keeper`. Anything that an
//! earlier run could not clean up is cleaned up at the next start: see `leftovers`.

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

/// Maximum time for an orderly stop, which writes all data in memory to disk.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// Running private cluster. Dropping it also stops the server, without waiting.
///
/// Of libpq's environment variables, only PGOPTIONS affects connections, because sqlx cannot override it.
#[derive(Debug)]
pub struct PrivatePostgres {
    // Dropped in this order: the server is stopped before its folder is unlocked or removed.
    server: ServerKeeper,
    remover: Option<FolderRemover>,
    log: LogFile,
    folder: ClusterFolder,
}

/// The server did not stop as requested.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    #[error("Postgres did not stop within {} s and is still shutting down. See {}.", STOP_PATIENCE.as_secs(), log.display())]
    TooSlow { log: PathBuf },
    #[error("Postgres did not stop cleanly. {0}")]
    Disorderly(DeathReport),
    #[error("the temporary folder of Postgres could not be removed: {0}")]
    Remove(std::io::Error),
}

impl PrivatePostgres {
    /// Starts the lasting cluster in `data_dir` (such as `.data/postgres`), and creates it if it is missing. If the
    /// process runs as root and the server's user cannot access that location, the cluster is stored below /var/lib
    /// instead, which is reported on standard error.
    ///
    /// # Errors
    /// Returns an error if Postgres is not installed, or the server cannot be started on this folder.
    pub async fn start_lasting(data_dir: &Path) -> Result<Self, StartError> {
        let data_dir = data_dir.to_owned();
        blocking(move || Self::lasting(&data_dir, Places::Everywhere)).await
    }

    /// Starts a new, empty cluster for tests: on a memory disk with at least 1 GiB free, else in the temporary
    /// folder; without durability; for 250 connections. It is removed when this process ends for any reason.
    ///
    /// # Errors
    /// Returns an error if Postgres is not installed, or the server cannot be started.
    pub async fn start_temporary() -> Result<Self, StartError> {
        blocking(|| Self::temporary(Places::Everywhere)).await
    }

    fn lasting(data_dir: &Path, places: Places) -> Result<Self, StartError> {
        let (home, account) = folder::place(data_dir)?;
        if home.starts_with(folder::REACHABLE) && !data_dir.starts_with(folder::REACHABLE) {
            let (from, to, user) = (data_dir.display(), home.display(), account.uid);
            crate::terminal::write_to_standard_error(
                format!("newbee: Postgres runs as user {user}, who has no access to {from}; its data is in {to}\n")
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
        // Started before anything is created, so that a kill -9 at any time leaves nothing behind.
        let remover = FolderRemover::watch(&[&home, &folder::socket_folder(&home)]);
        let remover = remover.map_err(error::failed("start the cleanup process of", &home))?;
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

    /// Returns the folder that contains the cluster's `data`, its log and its lock.
    pub fn folder(&self) -> &Path {
        &self.folder.home
    }

    /// Resolves when the server has ended unexpectedly, so that the program can report it and exit.
    pub async fn died(&self) -> DeathReport {
        DeathReport::new(self.server.ended().await, &self.log)
    }

    /// Stops the server and waits for it; a temporary cluster's folder is then removed. Close pools first: the server
    /// terminates open sessions.
    ///
    /// # Errors
    /// Returns an error if the server does not stop cleanly in time, or the temporary folder cannot be removed.
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

/// Runs on a blocking thread, because starting waits for other programs.
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
