//! Changes under load: awards are made at a constant rate, newbee copies, settles and delivers them to the example host in
//! Python, and both are killed (kill -9) again and again. At the end nothing may be lost, and what came twice must have
//! come under the same ID.
//!
//! `cargo bench --bench jobs -- feed [SECONDS] [AWARDS A SECOND]`

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::PgConnection;

use super::grouped;
use super::scratch::Scratch;

const DATABASE: &str = "feed";
const USERS: i64 = 20_000;
/// Time between two statements of the writer.
const EVERY: Duration = Duration::from_millis(50);
const KILL_HOST_EVERY: Duration = Duration::from_secs(15);
const KILL_NEWBEE_EVERY: Duration = Duration::from_secs(45);
/// Time in which everything has to arrive after the last award.
const PATIENCE: Duration = Duration::from_secs(600);

/// As newbee makes awards: with the next number of each user's feed.
const MAKE: &str = "
    with chosen as (select distinct 1 + floor(random() * $2)::bigint as user_id from generate_series(1, $1)),
    fed as (
        insert into award_feeds as f (user_id, last_change) select user_id, 1 from chosen order by user_id
        on conflict (user_id) do update set last_change = f.last_change + 1 returning user_id, last_change
    ),
    made as (
        insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                            settles_at, created_at, updated_at, changed_in)
        select user_id, 'set_fomo_id', gen_random_uuid()::text, 'set_fomo_id', 'NEWBEE', 1, 10, '1',
               (clock_timestamp() at time zone 'Asia/Shanghai')::date, clock_timestamp(), clock_timestamp(),
               clock_timestamp(), last_change
        from fed order by user_id returning 1
    )
    select count(*) from made";

struct Running {
    child: Child,
    port: String,
}

impl Running {
    fn newbee(scratch: &Scratch) -> Self {
        Self::start(
            Command::new(env!("CARGO_BIN_EXE_newbee"))
                .args(["serve", "--listen", "127.0.0.1:0", "--log", "newbee::cli=info"])
                .env("DATABASE_URL", scratch.url(DATABASE)),
            true,
        )
    }

    fn host(folder: &Path, port: &str, secret: &str) -> Self {
        Self::start(
            Command::new("python3")
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/host/host.py"))
                .env("DATABASE", folder.join("host.sqlite"))
                .env("PORT", port)
                .env("NEWBEE_WEBHOOK_SECRETS", secret),
            false,
        )
    }

    /// Starts a process and waits until it says where it listens.
    fn start(command: &mut Command, on_stderr: bool) -> Self {
        let command = command.stdin(Stdio::null());
        let mut child = match on_stderr {
            true => command.stderr(Stdio::piped()),
            false => command.stdout(Stdio::piped()),
        }
        .spawn()
        .expect("the program starts");
        let output: Box<dyn std::io::Read + Send> = match on_stderr {
            true => Box::new(child.stderr.take().expect("its log")),
            false => Box::new(child.stdout.take().expect("its output")),
        };
        let mut lines = BufReader::new(output).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, rest) = line.split_once("127.0.0.1:")?;
                Some(rest.chars().take_while(char::is_ascii_digit).collect())
            })
            .expect("it says where it listens");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// kill -9.
    fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is our child");
    }
}

fn newbee(scratch: &Scratch, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_newbee"))
        .args(arguments)
        .env("DATABASE_URL", scratch.url(DATABASE))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

async fn number(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.expect("a number")
}

async fn state(host: &Running) -> Option<Value> {
    let url = format!("http://127.0.0.1:{}/state", host.port);
    reqwest::get(url).await.ok()?.json().await.ok()
}

/// Runs the load for some seconds, and checks what arrived.
pub async fn measure(scratch: &Scratch, seconds: u64, rate: i64) {
    let users = format!(
        "insert into users (user_id, created_at, updated_at) select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, {USERS}) n"
    );
    scratch.fill(DATABASE, users).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut host = Running::host(folder.path(), "0", "whsec_AAAA");
    let port = host.port.clone();
    let url = format!("http://127.0.0.1:{port}/hooks");
    let secret = newbee(
        scratch,
        &[
            "endpoint",
            "create",
            "host",
            &url,
            "--allow-private",
            "--reason",
            "a load run",
        ],
    );
    host.kill();
    let mut host = Running::host(folder.path(), &port, &secret);
    let mut server = Running::newbee(scratch);
    let (mut writer, mut reader) = (scratch.connect(DATABASE).await, scratch.connect(DATABASE).await);

    let began = Instant::now();
    let (mut made, mut kills_of_host, mut kills_of_newbee, mut most_waiting) = (0_i64, 0_u32, 0_u32, 0_i64);
    let mut next = tokio::time::interval(EVERY);
    let each = rate * i64::try_from(EVERY.as_millis()).expect("a short time") / 1_000;
    let mut said = 0;
    while began.elapsed() < Duration::from_secs(seconds) {
        next.tick().await;
        let batch: i64 = sqlx::query_scalar(MAKE)
            .bind(i32::try_from(each).expect("a small number"))
            .bind(USERS)
            .fetch_one(&mut writer)
            .await
            .expect("awards are made");
        made += batch;
        if began.elapsed() > KILL_HOST_EVERY * (kills_of_host + 1) {
            kills_of_host += 1;
            host.kill();
            host = Running::host(folder.path(), &port, &secret);
        }
        if began.elapsed() > KILL_NEWBEE_EVERY * (kills_of_newbee + 1) {
            kills_of_newbee += 1;
            server.kill();
            server = Running::newbee(scratch);
        }
        if began.elapsed().as_secs() > said {
            said = began.elapsed().as_secs();
            let waiting = number(
                &mut reader,
                "select greatest(0, coalesce((select max(event_id) from host_events), 0) - delivered_through)
                 from host_endpoints",
            )
            .await;
            most_waiting = most_waiting.max(waiting);
        }
    }
    let wrote_for = began.elapsed().as_secs_f64();
    let stopped = Instant::now();
    let arrived = loop {
        let settled = number(&mut reader, "select count(*) from awards where status = 'SETTLED'").await;
        if let Some(state) = state(&host).await
            && state["kinds"]["AWARD_MADE"].as_i64() >= Some(made)
            && state["kinds"]["AWARD_SETTLED"].as_i64() >= Some(made)
            && settled == made
        {
            break state;
        }
        assert!(
            stopped.elapsed() < PATIENCE,
            "changes are missing: {:?}",
            state(&host).await
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let drained_for = stopped.elapsed().as_secs_f64();
    assert_eq!(arrived["kinds"]["AWARD_MADE"].as_i64(), Some(made), "each once");
    assert_eq!(arrived["kinds"]["AWARD_SETTLED"].as_i64(), Some(made), "each once");
    let theirs: i64 = arrived["balances"]
        .as_object()
        .expect("balances")
        .values()
        .filter_map(Value::as_i64)
        .sum();
    let ours = number(
        &mut reader,
        "select coalesce(sum(settled * 10000), 0)::bigint from balances",
    )
    .await;
    assert_eq!(theirs, ours, "the balances are equal");
    assert_eq!(arrived["changes"].as_i64(), Some(2 * made), "an ID for each");
    server.kill();
    host.kill();
    println!("\nChanges to the host, killed {kills_of_host} times, by newbee, killed {kills_of_newbee} times:\n");
    for (what, figure) in [
        ("awards made a second", grouped(made as f64 / wrote_for)),
        (
            "changes (made and settled) a second",
            grouped(2.0 * made as f64 / wrote_for),
        ),
        ("changes delivered, all of them once", grouped(2.0 * made as f64)),
        (
            "changes that came again, under the same ID",
            arrived["repeated"].to_string(),
        ),
        ("requests", arrived["requests"].to_string()),
        ("most changes copied and not delivered", grouped(most_waiting as f64)),
        (
            "seconds from the last award until all were settled and delivered",
            format!("{drained_for:.1}"),
        ),
    ] {
        println!("{what:<70}{figure:>12}");
    }
}
