//! Folder of a cluster: data, log, socket, and the lock of the process that uses it.
//!
//! The server's user must have access to the folder, and the length of a socket's path is limited. Both may require
//! another location.

use std::{
    env,
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{Access, access};

use super::{
    account::Account,
    error::{StartError, failed},
};

/// Parent folder of lasting clusters whose intended location the server's user cannot access.
pub const REACHABLE: &str = "/var/lib/newbee-postgres";
/// Maximum time to wait for a previous owner to end.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
/// Maximum length of a socket's path in bytes, without the terminating zero.
const MAX_SOCKET_PATH: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
const SOCKET_NAME: &str = ".s.PGSQL.5432";
/// Free space in bytes that a memory disk must have for a temporary cluster.
const ROOM_BYTES: u64 = 1 << 30;

/// Locked folder of a cluster: while this value exists, no other newbee process uses it.
#[derive(Debug)]
pub struct ClusterFolder {
    pub home: PathBuf,
    pub sockets: PathBuf,
    _lock: File,
}

/// Returns the folder for a lasting cluster intended for `wanted`, and the server's user. Creates nothing.
///
/// # Errors
/// Returns an error if there is no user that can run the server on this folder.
pub fn place(wanted: &Path) -> Result<(PathBuf, Account), StartError> {
    let wanted = std::path::absolute(wanted).map_err(failed("find", wanted))?;
    let account = Account::for_data(&wanted.join("data"))?;
    let there = wanted
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("/"));
    let base = there.canonicalize().map_err(failed("open", there))?;
    let rest = wanted.strip_prefix(there).unwrap_or(Path::new(""));
    let home: PathBuf = base.components().chain(rest.components()).collect();
    if account.can_enter(&base) {
        return Ok((home, account));
    }
    let home = Path::new(REACHABLE).join(hash_of(&home));
    let account = Account::for_data(&home.join("data"))?;
    Ok((home, account))
}

impl ClusterFolder {
    /// Creates the folder if it is missing, locks it, and gives `account` ownership of everything that the server
    /// writes.
    ///
    /// # Errors
    /// Returns an error if the folder is in use, or cannot be created or changed.
    pub fn open(home: &Path, account: &Account) -> Result<Self, StartError> {
        create_reachable(home).map_err(failed("create", home))?;
        let owner = fs::metadata(home).map_err(failed("open", home))?.uid();
        let us = rustix::process::geteuid().as_raw();
        if us != 0 && owner != us {
            return Err(StartError::NotOurs {
                path: home.to_owned(),
                owner,
                us,
            });
        }
        let lock = lock(home)?;
        let sockets = socket_folder(home);
        private_folder(&sockets, account).map_err(failed("create the private folder", &sockets))?;
        Ok(Self {
            home: home.to_owned(),
            sockets,
            _lock: lock,
        })
    }

    /// Returns the data folder (PGDATA).
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Returns the path of the log.
    pub fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// Returns the path of the socket.
    pub fn socket(&self) -> PathBuf {
        self.sockets.join(SOCKET_NAME)
    }

    /// Returns the tag that each process of this cluster's server has in its command line.
    pub fn tag(&self) -> String {
        format!("newbee-{}", hash_of(&self.home))
    }
}

/// Returns a new path for a temporary cluster: on a memory disk with enough space, else in the temporary folder, else
/// in /tmp.
pub fn temporary_home(account: &Account) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let has_room = rustix::fs::statvfs(&memory).is_ok_and(|disk| disk.f_bavail * disk.f_frsize >= ROOM_BYTES);
    let usable = |base: &PathBuf| access(base, Access::WRITE_OK | Access::EXEC_OK).is_ok() && account.can_enter(base);
    let candidates = has_room.then_some(memory).into_iter().chain([env::temp_dir()]);
    let base = candidates.flat_map(|base| base.canonicalize()).find(usable);
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    base.unwrap_or_else(|| "/tmp".into())
        .join(format!("newbee-postgres-{}-{since:x}", std::process::id()))
}

/// Returns the socket's folder: beside the data, or in /tmp if that path is too long for a socket or contains
/// characters that Postgres would parse as a list of folders.
pub fn socket_folder(home: &Path) -> PathBuf {
    let beside = home.join("run");
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"/._-".contains(&letter);
    let path = beside.as_os_str().as_encoded_bytes();
    match path.len() + 1 + SOCKET_NAME.len() <= MAX_SOCKET_PATH && path.iter().all(|letter| plain(*letter)) {
        true => beside,
        false => PathBuf::from(format!("/tmp/newbee-postgres-{}", hash_of(home))),
    }
}

/// Creates the missing parts of a path with permissions that let other users pass through, regardless of the umask.
fn create_reachable(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    folder.parent().map_or(Ok(()), create_reachable)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::set_permissions(folder, Permissions::from_mode(0o755)),
    }
}

/// Creates a folder that only `account` can enter.
///
/// # Errors
/// Returns an error if the folder cannot be created, or belongs to another user, who could have created it first in
/// /tmp.
pub fn private_folder(folder: &Path, account: &Account) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = folder.symlink_metadata()?;
    let us = rustix::process::geteuid().as_raw();
    if !found.is_dir() || ![us, account.uid].contains(&found.uid()) {
        return Err(io::Error::other("it belongs to another user"));
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    account.give(folder)
}

/// Takes the folder's lock, which the operating system releases when this process ends for any reason.
fn lock(home: &Path) -> Result<File, StartError> {
    let path = home.join("lock");
    let opened = File::options().write(true).create(true).truncate(false).open(&path);
    let mut file = opened.map_err(failed("open", &path))?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(Duration::from_millis(50)),
            Err(TryLockError::WouldBlock) => {
                let process = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
                return Err(StartError::InUse {
                    folder: home.to_owned(),
                    process,
                });
            }
        }
    }
    // Only for the message above; the file lock is authoritative.
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(failed("write", &path))?;
    Ok(file)
}

/// FNV-1a hash, which names folders permanently: std's hasher may change between Rust versions.
fn hash_of(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")
}
