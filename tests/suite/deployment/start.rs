//! The start of a process: it waits for a database that is not up yet, reports what waiting does not change, and migrates
//! if that is wanted.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use newbee::store::MIGRATOR;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee, serve};
use crate::support::within;

/// cannot_connect_now.
const STARTING: (&str, &str) = ("57P03", "the database system is starting up");
const WRONG_PASSWORD: (&str, &str) = ("28P01", "password authentication failed for user \"newbee\"");

/// A Postgres that rejects its first connections, and passes the later ones on to another.
struct RejectsFirst {
    address: String,
    connections: Arc<AtomicUsize>,
}

impl RejectsFirst {
    async fn start(rejections: &'static [(&'static str, &'static str)], then: Option<PgConnectOptions>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                match rejections.get(number) {
                    Some(rejection) => reject(client, *rejection).await,
                    None => {
                        tokio::spawn(relay(client, then.clone().expect("no more connections")));
                    }
                }
            }
        });
        Self { address, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn reject(mut client: TcpStream, (code, message): (&str, &str)) {
    let length = client.read_u32().await.expect("a startup message");
    let mut startup = vec![0; length as usize - 4];
    client.read_exact(&mut startup).await.expect("its rest");
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    let mut error = vec![b'E'];
    error.extend(u32::try_from(fields.len() + 4).unwrap().to_be_bytes());
    error.extend(fields.as_bytes());
    client.write_all(&error).await.expect("the client reads");
}

async fn relay(mut client: TcpStream, options: PgConnectOptions) {
    let folder = options.get_socket().expect("a socket");
    let socket = folder.join(format!(".s.PGSQL.{}", options.get_port()));
    let mut server = UnixStream::connect(socket).await.expect("Postgres");
    // Ends when either side does.
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

/// Exit code and standard error of a command on the database `x` at an address.
async fn run_at(address: &str, command: &str, wait: &str) -> (Option<i32>, String) {
    let output = newbee()
        .args([command, "--database-wait", wait])
        .env(
            "DATABASE_URL",
            format!("postgres://newbee:hunter2@{address}/x?sslmode=disable"),
        )
        .env("NEWBEE_LISTEN", "127.0.0.1:0")
        .output();
    let output = within("the command ends", output).await.expect("newbee runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("hunter2"), "{said}");
    (output.status.code(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_starting_database_is_waited_for_and_a_wrong_password_is_not() {
    for command in ["migrate", "serve"] {
        let server = RejectsFirst::start(&[STARTING, STARTING, WRONG_PASSWORD], None).await;
        let (code, said) = run_at(&server.address, command, "1h").await;
        assert_eq!((code, server.connections()), (Some(1), 3), "{said}");
        let waiting = format!("waiting for the database x at {}, at most 3", server.address);
        assert_eq!(said.matches("waiting for the database").count(), 1, "{said}");
        for part in [&waiting, STARTING.1, WRONG_PASSWORD.1, "Cannot use the database x"] {
            assert!(said.contains(part), "{part} is missing in: {said}");
        }

        let server = RejectsFirst::start(&[STARTING], None).await;
        let (code, said) = run_at(&server.address, command, "0s").await;
        assert_eq!((code, server.connections()), (Some(1), 1), "{said}");
        assert!(said.contains(STARTING.1) && !said.contains("waiting"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_database_is_reported_at_once() {
    let database = TestDatabase::create_direct("a pooler tries again before it passes a refusal on").await;
    let name = database.options.get_database().unwrap();
    let url = database.url.replace(name, "no_such_database");
    for command in ["migrate", "serve"] {
        let output = newbee()
            .args([command, "--database-wait", "1h"])
            .env("DATABASE_URL", &url)
            .env("NEWBEE_LISTEN", "127.0.0.1:0")
            .output();
        let output = within("the command ends", output).await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("Cannot use the database no_such_database") && !said.contains("waiting"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_serves_as_soon_as_its_database_accepts_connections() {
    let database = TestDatabase::create().await;
    let server = RejectsFirst::start(&[STARTING, STARTING], Some(database.options.clone())).await;
    let mut command = serve(&database, &["--scheduler", "off"]);
    let (user, name) = (
        database.options.get_username(),
        database.options.get_database().unwrap(),
    );
    command.env(
        "DATABASE_URL",
        format!("postgres://{user}@{}/{name}?sslmode=disable", server.address),
    );
    let program = Program::start(command).await;
    assert!(server.connections() > 2);
    let log = program.terminate().await;
    assert!(log.contains("waiting for the database"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_wait() {
    let mut child = newbee()
        .args(["serve", "--listen", "127.0.0.1:0", "--database-wait", "1h"])
        .env("DATABASE_URL", "postgres://newbee@127.0.0.1:1/x")
        .stderr(Stdio::piped())
        .spawn()
        .expect("newbee starts");
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("waiting for the database") {
                return;
            }
        }
        panic!("newbee ended");
    };
    within("newbee waits", waits).await;
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let rest = async { while lines.next_line().await.unwrap().is_some() {} };
    within("newbee ends", rest).await;
    assert!(child.wait().await.unwrap().success());
}

async fn execute(options: &PgConnectOptions, statement: String) {
    let mut connection = options.connect().await.expect("the database");
    connection.execute(AssertSqlSafe(statement)).await.expect("it succeeds");
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_migrate_at_their_start_wait_for_each_other() {
    let database = TestDatabase::create().await;
    let name = database.options.get_database().unwrap();
    let empty = format!("{name}_empty");
    execute(&database.options, format!("create database {empty}")).await;
    let replica = async |switch: &[&str]| {
        let mut command = serve(&database, &[&["--scheduler", "off"], switch].concat());
        command.envs(
            database
                .environment()
                .map(|(variable, url)| (variable, url.replace(name, &empty))),
        );
        Program::start(command).await
    };
    let (one, two, three) = tokio::join!(
        replica(&["--migrate"]),
        replica(&["--migrate", "on"]),
        replica(&["--migrate"])
    );
    let mut logs = String::new();
    for program in [one, two, three] {
        logs.push_str(&program.terminate().await);
    }
    assert!(logs.contains("migrating the database"), "{logs}");
    let later = replica(&["--migrate"]).await.terminate().await;
    assert!(
        !later.contains("migrating the database"),
        "nothing is left to do: {later}"
    );

    let mut connection = database.options.clone().database(&empty).connect().await.unwrap();
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(usize::try_from(applied).unwrap(), MIGRATOR.iter().count());
    connection.close().await.unwrap();
    execute(&database.options, format!("drop database {empty} with (force)")).await;
}

#[tokio::test]
async fn wrong_settings_of_the_start_are_reported_together() {
    let output = newbee()
        .arg("serve")
        // Over a network, the protection of the connection must be chosen.
        .env("DATABASE_URL", "postgres://newbee:hunter2@db.example/x")
        .env("NEWBEE_MIGRATE", "perhaps")
        .env("NEWBEE_DATABASE_WAIT", "2h")
        .env("NEWBEE_ADMIN_LISTEN", "8081")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in [
        "NEWBEE_MIGRATE",
        "NEWBEE_DATABASE_WAIT",
        "NEWBEE_ADMIN_LISTEN",
        "Add ?sslmode=verify-full&sslrootcert=/path/to/ca.pem",
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}
