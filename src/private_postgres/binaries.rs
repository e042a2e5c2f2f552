//! Locates the Postgres programs: those in PG_BIN_DIR, else the newest ones on this machine that the server's user
//! can run, else those of an npm package. An existing cluster determines the major version.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{account::Account, embedded_package, error::StartError};

/// Oldest supported major version: earlier ones lack features that the migrations use.
pub const OLDEST_MAJOR: u32 = 14;

/// Installation folders of packages; one `*` matches any text within one name.
const USUAL_FOLDERS: [&str; 10] = [
    "/usr/lib/postgresql/*/bin", // Debian, Ubuntu
    "/usr/pgsql-*/bin",          // the RPMs of the Postgres project
    "/usr/bin",                  // Fedora, Arch
    "/usr/libexec/postgresql*",  // Alpine
    "/usr/local/pgsql/bin",      // built by hand
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/opt/local/lib/postgresql*/bin", // MacPorts
];

/// Folder that contains `postgres` and `initdb` of one version.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
    pub major: u32,
}

/// Places to search. `PackageOnly` allows tests of the fallback on a machine with Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Places {
    Everywhere,
    #[cfg(test)]
    PackageOnly,
}

/// Finds programs that `account` can run and that match the cluster in `data`, which may not exist yet. If the npm
/// package is needed, it is installed below `package_parent`.
///
/// # Errors
/// Returns an error if no suitable programs are found or installed.
pub fn find(places: Places, account: &Account, data: &Path, package_parent: &Path) -> Result<Binaries, StartError> {
    let data_major = fs::read_to_string(data.join("PG_VERSION"))
        .ok()
        .and_then(|version| version.trim().parse().ok());
    let fits = |binaries: &Binaries| data_major.is_none_or(|major| major == binaries.major);
    let named = env::var_os("PG_BIN_DIR").filter(|name| !name.is_empty() && places == Places::Everywhere);

    let bad_folder = |folder: &OsString| {
        let folder = folder.into();
        |problem| StartError::BadBinDir { folder, problem }
    };
    let mut installed = match &named {
        Some(folder) => vec![Binaries::probe(Path::new(folder), account).map_err(bad_folder(folder))?],
        None if places == Places::Everywhere => candidates(account),
        None => Vec::new(),
    };
    if let Some(at) = installed.iter().position(fits) {
        return Ok(installed.swap_remove(at));
    }
    let package_fits = data_major.is_none_or(|major| major == embedded_package::MAJOR);
    if let Some(data_major) = data_major.filter(|_| named.is_some() || !package_fits) {
        let majors: BTreeSet<String> = installed.iter().map(|binaries| binaries.major.to_string()).collect();
        let offered = match majors.is_empty() {
            true => "none".to_owned(),
            false => majors.into_iter().collect::<Vec<_>>().join(", "),
        };
        return Err(StartError::WrongMajor {
            data: data.to_owned(),
            data_major,
            offered,
        });
    }
    let package = embedded_package::install(package_parent).and_then(|folder| Binaries::probe(&folder, account));
    package.map_err(|fallback| StartError::NoBinaries { fallback })
}

impl Binaries {
    /// Returns the path of a program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs `postgres --version` as the server's user, which verifies the folder's permissions and the libraries, and
    /// yields the version. The error describes the problem of the folder.
    fn probe(folder: &Path, account: &Account) -> Result<Self, String> {
        let at = folder.display();
        let folder = folder
            .canonicalize()
            .map_err(|error| format!("{at} cannot be opened ({error})"))?;
        if let Some(missing) = ["postgres", "initdb"]
            .into_iter()
            .find(|program| !folder.join(program).is_file())
        {
            return Err(format!("{at} does not contain `{missing}`"));
        }
        let answer = account.command(folder.join("postgres")).arg("--version").output();
        let answer =
            answer.map_err(|error| format!("user {} cannot run the programs in {at} ({error})", account.uid))?;
        let major = major_of(&String::from_utf8_lossy(&answer.stdout)).ok_or_else(|| {
            format!(
                "`postgres --version` in {at} failed ({})",
                String::from_utf8_lossy(&answer.stderr).trim()
            )
        })?;
        if major < OLDEST_MAJOR {
            return Err(format!(
                "{at} contains Postgres {major}, which is older than {OLDEST_MAJOR}"
            ));
        }
        Ok(Self { folder, major })
    }
}

/// Returns all usable programs of the machine, newest first.
fn candidates(account: &Account) -> Vec<Binaries> {
    let pg_config = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output();
    let pg_config = pg_config
        .ok()
        .map(|answer| PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()));
    // A `postgres` in the PATH is often a link into the folder that contains `initdb`, without an `initdb` beside the
    // link.
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).filter_map(|folder| {
        folder
            .join("postgres")
            .canonicalize()
            .ok()
            .and_then(|program| program.parent().map(Path::to_owned))
    });
    let mut folders: Vec<PathBuf> = pg_config.into_iter().chain(on_path).collect();
    folders.extend(USUAL_FOLDERS.into_iter().flat_map(expand));

    let mut found: Vec<Binaries> = Vec::new();
    for folder in folders {
        let known = folder
            .canonicalize()
            .is_ok_and(|folder| found.iter().any(|binaries| binaries.folder == folder));
        if !known {
            found.extend(Binaries::probe(&folder, account).ok());
        }
    }
    found.sort_by_key(|binaries| Reverse(binaries.major));
    found
}

/// Returns the folders that match a pattern with at most one `*`.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![pattern.into()];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let matching = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    matching
        .map(|entry| entry.path().join(after.trim_start_matches('/')))
        .collect()
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15.
fn major_of(version: &str) -> Option<u32> {
    let (_, number) = version.split_once("(PostgreSQL) ")?;
    let digits = number.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}
