//! Operating-system user of the Postgres server.
//!
//! Postgres refuses to run as root. If this process runs as root, the server therefore runs as the owner of an
//! existing cluster, else as `postgres`, else as `nobody`; otherwise as the user of this process.

use std::{
    env,
    ffi::OsStr,
    fs, io,
    os::unix::{
        fs::{MetadataExt, lchown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use super::error::StartError;

/// User that runs the server.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub uid: u32,
    /// Group to switch to; `None` if no switch is needed.
    switch_to_group: Option<u32>,
}

impl Account {
    /// Chooses the user for a cluster in `data`, which may not exist yet.
    ///
    /// # Errors
    /// Returns an error if the data belongs to a user that cannot run the server, or if no suitable user exists.
    pub fn for_data(data: &Path) -> Result<Self, StartError> {
        let us = rustix::process::geteuid().as_raw();
        match fs::metadata(data) {
            Ok(found) if us == 0 && found.uid() == 0 => Err(StartError::OwnedByRoot { data: data.to_owned() }),
            Ok(found) if us == 0 => Ok(Self {
                uid: found.uid(),
                switch_to_group: Some(found.gid()),
            }),
            Ok(found) if us != found.uid() => {
                let home = data.parent().unwrap_or(data).to_owned();
                Err(StartError::NotOurs {
                    path: home,
                    owner: found.uid(),
                    us,
                })
            }
            _ if us != 0 => Ok(Self {
                uid: us,
                switch_to_group: None,
            }),
            _ => ["postgres", "nobody"]
                .into_iter()
                .find_map(Self::named)
                .ok_or(StartError::NoAccount),
        }
    }

    /// Looks up a user by name with `id`, which covers /etc/passwd, directory services and macOS.
    fn named(name: &str) -> Option<Self> {
        let ask = |what: &str| {
            let answer = Command::new("id")
                .args([what, name])
                .stderr(Stdio::null())
                .output()
                .ok()?;
            String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
        };
        Some(Self {
            uid: ask("-u")?,
            switch_to_group: Some(ask("-g")?),
        })
    }

    /// Returns a [`clean_command`] that runs as this user.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = clean_command(program);
        if let Some(gid) = self.switch_to_group {
            command.uid(self.uid).gid(gid);
        }
        command
    }

    /// Returns true if this user can enter a folder that this process can enter.
    pub fn can_enter(&self, folder: &Path) -> bool {
        if self.switch_to_group.is_none() {
            return true;
        }
        let entered = self
            .command("/bin/sh")
            .args(["-c", r#"cd "$1""#, "sh"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        entered.is_ok_and(|status| status.success())
    }

    /// Changes the owner of a folder or file to this user.
    ///
    /// # Errors
    /// Returns an error if the owner cannot be changed.
    pub fn give(&self, path: &Path) -> io::Result<()> {
        match self.switch_to_group {
            Some(gid) => lchown(path, Some(self.uid), Some(gid)),
            None => Ok(()),
        }
    }
}

/// Returns a command with an environment that contains only PATH: an unknown locale aborts initdb, and PG… variables
/// would redirect it. It has a separate process group, so that Ctrl-C reaches only this process, which can drain
/// first.
pub fn clean_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command.current_dir("/").process_group(0).stdin(Stdio::null());
    command
}
