//! Creates a cluster under a temporary name first, so that an incomplete one is never mistaken for data.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::{
    account::Account,
    binaries::Binaries,
    error::{StartError, failed},
    folder::{ClusterFolder, private_folder},
};

/// Locales in order of preference: byte order with UTF-8 letters, else plain bytes on systems without that locale.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Creates the folder's data if it does not exist. `lasting` data is synced to disk.
///
/// # Errors
/// Returns an error if initdb fails or its result cannot be moved into place.
pub fn create_if_missing(
    folder: &ClusterFolder,
    binaries: &Binaries,
    account: &Account,
    lasting: bool,
) -> Result<(), StartError> {
    let data = folder.data();
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    remove_unfinished(&folder.home);
    // Not simply `data.new`: an initdb whose parent was killed may still be writing there.
    let unfinished = folder.home.join(format!("data.new-{}", std::process::id()));
    let mut output = String::new();
    for locale in LOCALES {
        private_folder(&unfinished, account).map_err(failed("create", &unfinished))?;
        let mut initdb = account.command(binaries.program("initdb"));
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-instructions",
        ]);
        initdb.arg(format!("--locale={locale}")).arg("-D").arg(&unfinished);
        if !lasting {
            initdb.arg("--no-sync");
        }
        let result = initdb.output().map_err(failed("run", &binaries.program("initdb")))?;
        if result.status.success() {
            return rename(&unfinished, &data, &folder.home).map_err(failed("move the new data to", &data));
        }
        output = format!("{output}{}\n", String::from_utf8_lossy(&result.stderr).trim());
    }
    Err(StartError::Initdb { data, output })
}

fn rename(unfinished: &Path, data: &Path, home: &Path) -> io::Result<()> {
    fs::rename(unfinished, data)?;
    File::open(home)?.sync_all()
}

/// Removes incomplete data. Failures are ignored: they cost disk space, and the next creation retries.
fn remove_unfinished(home: &Path) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("data.new-") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
