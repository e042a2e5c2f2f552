//! PgBouncer in front of a test's database, with no settings but those of its installation.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Stdio;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{free_port, wait_until};

/// A running PgBouncer, ended with the test.
pub struct PgBouncer {
    child: Child,
    port: u16,
    _folder: TempDir,
}

/// Programs to try: that of `PGBOUNCER`, and the installed one. A test without any is skipped, which it prints.
pub fn installed() -> Vec<PathBuf> {
    let named = std::env::var_os("PGBOUNCER").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let installed = folders
        .map(|folder| folder.join("pgbouncer"))
        .find(|file| file.exists());
    let found: Vec<_> = named.into_iter().chain(installed).collect();
    if found.is_empty() {
        println!("skipped: PgBouncer is not installed (apt-get install -y pgbouncer)");
    }
    found
}

impl PgBouncer {
    /// Starts it with few sessions, so that the clients of transactions have to share them.
    pub async fn start(program: &PathBuf, database: &PgConnectOptions, pool_mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let host = database.get_socket().map_or_else(
            || database.get_host().to_owned(),
            |folder| folder.to_str().expect("text").to_owned(),
        );
        let port = free_port();
        let mut settings = format!(
            "[databases]\n* = host={host} port={} user={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {pool_mode}\ndefault_pool_size = {}\nmax_client_conn = 200\n",
            database.get_port(),
            database.get_username(),
            if pool_mode == "session" { 60 } else { 4 },
        );
        // It refuses to run as root.
        if geteuid().is_root() {
            let owner = std::fs::metadata(&host).map_or(0, |folder| folder.uid());
            let user = if owner == 0 {
                "nobody".to_owned()
            } else {
                name_of(owner).await
            };
            settings += &format!("user = {user}\n");
        }
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).expect("a settings file");
        let child = Command::new(program)
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).expect("a log file"))
            .kill_on_drop(true)
            .spawn()
            .expect("PgBouncer starts");
        let mut this = Self {
            child,
            port,
            _folder: folder,
        };
        wait_until("PgBouncer listens", async || {
            let ended = this.child.try_wait().expect("a child");
            let log = || std::fs::read_to_string(this._folder.path().join("log"));
            assert!(ended.is_none(), "PgBouncer ended: {:?}", log());
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        this
    }

    /// Options of connections through it.
    pub fn options(&self, database: &PgConnectOptions) -> PgConnectOptions {
        let options: PgConnectOptions = self.url(database).parse().expect("a URL");
        options.ssl_mode(PgSslMode::Disable)
    }

    /// A DATABASE_URL that leads through it.
    pub fn url(&self, database: &PgConnectOptions) -> String {
        let name = database.get_database().expect("a database");
        format!("postgres://{}@127.0.0.1:{}/{name}", database.get_username(), self.port)
    }

    pub async fn stop(mut self) {
        let pid = self.child.id().and_then(|pid| Pid::from_raw(pid as i32));
        // At once, without waiting for clients.
        kill_process(pid.expect("it runs"), Signal::KILL).expect("it runs");
        self.child.wait().await.expect("a child");
    }
}

async fn name_of(user: u32) -> String {
    let output = Command::new("id").args(["-un", &user.to_string()]).output().await;
    let name = String::from_utf8(output.expect("id runs").stdout).expect("text");
    name.trim().to_owned()
}
