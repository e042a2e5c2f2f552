//! Real clusters of the private Postgres, each in its own folder: restarts, kills and conflicts.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use newbee::private_postgres::{PrivatePostgres, StartError};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// Maximum time of one step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_temporary_cluster_serves_many_at_once_and_is_gone_after_its_stop() {
    let postgres = PrivatePostgres::start_temporary().await.unwrap();
    let folder = postgres.folder().to_owned();
    assert!(
        postgres
            .create_database_if_missing(r#"one "odd" name/1"#)
            .await
            .unwrap()
    );
    assert!(
        !postgres
            .create_database_if_missing(r#"one "odd" name/1"#)
            .await
            .unwrap()
    );
    let (first, second) = tokio::join!(
        postgres.create_database_if_missing("twice"),
        postgres.create_database_if_missing("twice")
    );
    assert!(first.unwrap() | second.unwrap());

    let mut by_url = PgConnection::connect(&postgres.url(r#"one "odd" name/1"#))
        .await
        .unwrap();
    assert_eq!(
        ask(&mut by_url, "SELECT current_database()::text").await,
        r#"one "odd" name/1"#
    );
    assert_eq!(ask(&mut by_url, "SHOW timezone").await, "UTC");
    assert_eq!(ask(&mut by_url, "SHOW fsync").await, "off");
    assert_eq!(ask(&mut by_url, "SHOW listen_addresses").await, "");
    let mut connections = Vec::new();
    for _ in 0..200 {
        connections.push(
            PgConnection::connect_with(&postgres.connect_options("twice"))
                .await
                .unwrap(),
        );
    }
    postgres.stop().await.unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_lasting_cluster_keeps_its_data_over_a_restart_and_syncs_them() {
    let home = open_folder();
    let postgres = PrivatePostgres::start_lasting(&home.path().join("data/postgres"))
        .await
        .unwrap();
    let mut connection = PgConnection::connect_with(&postgres.connect_options("postgres"))
        .await
        .unwrap();
    assert_eq!(ask(&mut connection, "SHOW fsync").await, "on");
    sqlx::raw_sql("CREATE TABLE kept AS SELECT 'still here' AS word")
        .execute(&mut connection)
        .await
        .unwrap();
    postgres.stop().await.unwrap();

    let postgres = PrivatePostgres::start_lasting(&home.path().join("data/postgres"))
        .await
        .unwrap();
    assert_eq!(word_kept_by(&postgres).await, "still here");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works() {
    let home = open_folder();
    let deep = home
        .path()
        .join("deep, and \"quoted\" ".repeat(3))
        .join("x".repeat(100));
    let postgres = PrivatePostgres::start_lasting(&deep).await.unwrap();
    let mut connection = PgConnection::connect(&postgres.url("postgres")).await.unwrap();
    let sockets = PathBuf::from(ask(&mut connection, "SHOW unix_socket_directories").await);
    assert_eq!(fs::metadata(&sockets).unwrap().permissions().mode() & 0o777, 0o700);
    postgres.stop().await.unwrap();
    fs::remove_dir_all(sockets).unwrap();
}

#[tokio::test]
async fn a_second_start_on_a_folder_in_use_says_who_uses_it() {
    let home = open_folder();
    let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
    let refused = PrivatePostgres::start_lasting(home.path()).await.unwrap_err();
    assert!(matches!(refused, StartError::InUse { .. }), "{refused:?}");
    assert!(
        refused.to_string().contains(&format!("process {}", std::process::id())),
        "{refused}"
    );
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_of_another_major_version_is_refused_by_name() {
    let home = open_folder();
    PrivatePostgres::start_lasting(home.path())
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    fs::write(home.path().join("data/PG_VERSION"), "9\n").unwrap();
    let refused = PrivatePostgres::start_lasting(home.path()).await.unwrap_err();
    assert!(
        matches!(refused, StartError::WrongMajor { data_major: 9, .. }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_death_of_the_server_is_reported_with_its_log() {
    let home = open_folder();
    let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
    kill(server_of(home.path()));
    let report = tokio::time::timeout(PATIENCE, postgres.died()).await.unwrap();
    assert_eq!(report.log, home.path().canonicalize().unwrap().join("postgres.log"));
    assert!(report.to_string().contains("signal 9"), "{report}");
    assert!(
        report
            .last_lines
            .iter()
            .any(|line| line.contains("ready to accept connections")),
        "{report}"
    );
    drop(postgres);
    PrivatePostgres::start_lasting(home.path())
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_kill_of_the_owner_removes_its_temporary_cluster() {
    let mut owner = Owner::start(None);
    assert!(owner.folder.join("data").is_dir());
    let server = server_of(&owner.folder);
    owner.kill();
    wait_until("the folder is gone", || !owner.folder.exists());
    wait_until("the server is gone", || !is_alive(server));
}

#[tokio::test]
async fn a_kill_of_the_owner_stops_its_lasting_cluster() {
    let home = open_folder();
    let mut owner = Owner::start(Some(home.path()));
    let server = server_of(home.path());
    owner.kill();
    wait_until("the server is gone", || !is_alive(server));
    assert!(!home.path().join("data/postmaster.pid").exists(), "it ended in order");
}

#[tokio::test]
async fn a_start_right_after_a_kill_finds_all_data() {
    let home = open_folder();
    let mut owner = Owner::start(Some(home.path()));
    owner.kill();
    let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
    assert_eq!(word_kept_by(&postgres).await, "written by the owner");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_left_behind_by_owner_and_keeper_does_not_block_the_next_start() {
    let home = open_folder();
    let mut owner = Owner::start(Some(home.path()));
    let server = server_of(home.path());
    // The keeper's own child that watches the owner goes first, or it would still end the server.
    let keeper = parent_of(server);
    children_of(keeper)
        .into_iter()
        .filter(|child| *child != server)
        .for_each(kill);
    kill(keeper);
    owner.kill();
    assert!(is_alive(server));
    let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
    assert!(!is_alive(server));
    assert_eq!(word_kept_by(&postgres).await, "written by the owner");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_death_of_owner_keeper_and_server_together_does_not_block_the_next_start() {
    let home = open_folder();
    let mut owner = Owner::start(Some(home.path()));
    let server = server_of(home.path());
    let keeper = parent_of(server);
    kill(keeper);
    kill(server);
    owner.kill();
    let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
    assert_eq!(word_kept_by(&postgres).await, "written by the owner");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn files_that_name_a_living_stranger_do_not_block_the_next_start() {
    let home = open_folder();
    let mut owner = Owner::start(Some(home.path()));
    let server = server_of(home.path());
    kill(parent_of(server));
    kill(server);
    owner.kill();
    let pid_file = home.path().join("data/postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    fs::write(
        &pid_file,
        text.replacen(&server.to_string(), &std::process::id().to_string(), 1),
    )
    .unwrap();
    let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
    assert_eq!(word_kept_by(&postgres).await, "written by the owner");
    postgres.stop().await.unwrap();
}

/// Not a test: the process that the tests above kill. It runs a cluster, says where, and waits for its end.
#[tokio::test]
#[ignore = "the tests of this file run it as a child process"]
async fn owner_process() {
    let started = match std::env::var_os("NEWBEE_TEST_OWNED_FOLDER") {
        Some(folder) => PrivatePostgres::start_lasting(Path::new(&folder)).await,
        None => PrivatePostgres::start_temporary().await,
    };
    let postgres = started.unwrap_or_else(|error| panic!("{error}"));
    let mut connection = PgConnection::connect_with(&postgres.connect_options("postgres"))
        .await
        .unwrap();
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS kept AS SELECT 'written by the owner' AS word")
        .execute(&mut connection)
        .await
        .unwrap();
    println!("\nrunning in {}", postgres.folder().display());
    std::future::pending::<()>().await;
}

/// A child process that owns a cluster.
struct Owner {
    process: Child,
    folder: PathBuf,
}

impl Owner {
    /// Of the lasting cluster in `folder`, else of a temporary one. In an environment that would mislead Postgres.
    fn start(folder: Option<&Path>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            "--ignored",
            "--nocapture",
            "--exact",
            "database::private_postgres::owner_process",
        ]);
        command.envs([
            ("LC_ALL", "xx_YY"),
            ("PGHOST", "nowhere.invalid"),
            ("PGPORT", "1"),
            ("PGUSER", "nobody"),
        ]);
        command.envs([
            ("PGPASSWORD", "wrong"),
            ("PGSSLMODE", "require"),
            ("PGDATABASE", "none"),
            ("PGDATA", "/none"),
        ]);
        command.envs(folder.map(|folder| ("NEWBEE_TEST_OWNED_FOLDER", folder)));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let folder = lines
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("running in ")?.into()));
        Self {
            process,
            folder: folder.expect("the owner runs its cluster"),
        }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A folder that the server's user can walk into, also when this test is run by root; on the memory disk where there
/// is one, since what is tried here is no matter of disks.
pub fn open_folder() -> TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    let folder = memory.or_else(|_| tempfile::tempdir_in("/tmp")).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

async fn ask(connection: &mut PgConnection, question: &'static str) -> String {
    sqlx::query_scalar(question).fetch_one(connection).await.unwrap()
}

async fn word_kept_by(postgres: &PrivatePostgres) -> String {
    let mut connection = PgConnection::connect_with(&postgres.connect_options("postgres"))
        .await
        .unwrap();
    ask(&mut connection, "SELECT word FROM kept").await
}

fn server_of(folder: &Path) -> i32 {
    fs::read_to_string(folder.join("data/postmaster.pid"))
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

fn kill(process: i32) {
    kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
}

/// Output of `ps` in the given columns, without zombies.
fn ps(columns: &str) -> Vec<Vec<i32>> {
    let listing = Command::new("ps")
        .args(["-A", "-o", &format!("stat=,{columns}")])
        .output()
        .unwrap();
    let text = String::from_utf8(listing.stdout).unwrap();
    let living = text.lines().filter(|line| !line.trim_start().starts_with('Z'));
    living
        .map(|line| {
            line.split_whitespace()
                .skip(1)
                .map(|number| number.parse().unwrap())
                .collect()
        })
        .collect()
}

fn is_alive(process: i32) -> bool {
    ps("pid=").contains(&vec![process])
}

fn parent_of(process: i32) -> i32 {
    ps("pid=,ppid=").into_iter().find(|row| row[0] == process).unwrap()[1]
}

fn children_of(process: i32) -> Vec<i32> {
    ps("pid=,ppid=")
        .into_iter()
        .filter(|row| row[1] == process)
        .map(|row| row[0])
        .collect()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
