//! `awardChanged` with subscribers on two servers: events per second, and the CPU time of an event.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::Options;
use super::cpu::cpu_seconds;
use super::database::{Data, Database};
use super::load::{self, Request};
use super::report;
use super::server::Server;
use super::target::{Api, Target};
use super::work::{Kind, Work};

const SUBSCRIBERS: u32 = 5_000;
const SUBSCRIPTION: &str = r#"{"query":"subscription { awardChanged { id item amount status changeCursor } }"}"#;
const SIGN_INS: Work = Work {
    kind: Kind::SignIn,
    connections: 32,
};
/// More than the sign-ins take: wrk ends by itself, but its process only after this time.
const SECONDS: u32 = 15;
const PATIENCE: Duration = Duration::from_secs(60);

/// Of one round; CPU time in microseconds per event, of the servers and Postgres.
struct Round {
    events_per_second: f64,
    with_subscribers: f64,
    without: f64,
}

pub async fn run(newbee: &Target, database: &Database, options: &Options) {
    let subscribers = options.users.unwrap_or(SUBSCRIBERS);
    let mut newbee = newbee.clone();
    newbee
        .arguments
        .extend(["--address-connections".to_owned(), "4096".to_owned()]);
    database.fill(&newbee, Data::of(subscribers.max(1_000))).await;
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        let servers = [
            Server::start(&newbee, database).await,
            Server::start(&newbee, database).await,
        ];
        let (without, _) = sign_in(&servers, database, subscribers).await;
        let (sender, mut events) = unbounded_channel();
        let mut opened = Vec::new();
        for user in 1..=subscribers {
            let server = &servers[user as usize % 2];
            let connection = subscribe(server, user).await;
            opened.push(tokio::spawn(follow(connection, sender.clone())));
        }
        drop(sender);
        let receiving = tokio::spawn(async move {
            let mut last = None;
            for _ in 0..subscribers {
                let event = timeout(PATIENCE, events.recv()).await.expect("events arrive");
                last = event.or(last);
            }
            last.expect("an event")
        });
        let (with_subscribers, begun) = sign_in(&servers, database, subscribers).await;
        let last = receiving.await.expect("all events arrive");
        opened.iter().for_each(tokio::task::JoinHandle::abort);
        drop(servers);
        let figures = Round {
            events_per_second: f64::from(subscribers) / (last - begun).as_secs_f64(),
            with_subscribers,
            without,
        };
        eprintln!(
            "round {round}/{}: {:.0} events/s, CPU per sign-in {:.0} µs with subscribers, {:.0} without",
            options.rounds, figures.events_per_second, figures.with_subscribers, figures.without
        );
        rounds.push(figures);
    }
    let of = |figure: fn(&Round) -> f64| report::spread(rounds.iter().map(figure).collect(), 0);
    println!("\n{subscribers} subscribers on two servers, each gets one event; medians (least to greatest)\n");
    println!("- events/s: {}", of(|round| round.events_per_second));
    println!(
        "- CPU per sign-in, µs, with subscribers: {}",
        of(|round| round.with_subscribers)
    );
    println!("- CPU per sign-in, µs, without: {}", of(|round| round.without));
    println!(
        "- CPU per event, µs, the difference: {}",
        of(|round| round.with_subscribers - round.without)
    );
}

/// Signs all subscribers in on the first server, after taking earlier sign-ins back. Returns the CPU time of a sign-in in
/// microseconds, until a second after the last, and when the first began.
async fn sign_in(servers: &[Server; 2], database: &Database, users: u32) -> (f64, Instant) {
    database.reset(&servers[0].database, Api::Newbee).await;
    let cpu = || {
        let of_servers = servers
            .iter()
            .map(|server| cpu_seconds(server.process(), false))
            .sum::<f64>();
        of_servers + cpu_seconds(database.process, true)
    };
    let (before, begun) = (cpu(), Instant::now());
    let request = Request::new(SIGN_INS, users, SECONDS);
    let load = tokio::task::block_in_place(|| load::run(&servers[0], request));
    assert!(
        load.seconds < f64::from(SECONDS),
        "not all users could sign in within {SECONDS} s"
    );
    ((cpu() - before) * 1e6 / load.requests, begun)
}

/// Returns a connection with a stream of events that has begun.
async fn subscribe(server: &Server, user: u32) -> TcpStream {
    let address = server.address.clone();
    let mut connection = TcpStream::connect(&address).await.expect("the server accepts");
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer bench-session-{user:07}\r\nAccept: text/event-stream\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{SUBSCRIPTION}",
        SUBSCRIPTION.len()
    );
    connection
        .write_all(request.as_bytes())
        .await
        .expect("the request is sent");
    let mut head = vec![0; 4096];
    let length = timeout(PATIENCE, connection.read(&mut head))
        .await
        .expect("a reply")
        .expect("a reply");
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"),
        "{head}"
    );
    connection
}

/// Reports when an event has arrived. A stream may send comments before.
async fn follow(mut connection: TcpStream, events: UnboundedSender<Instant>) {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while let Ok(length @ 1..) = connection.read(&mut buffer).await {
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        if text.contains("\"awardChanged\"") {
            let _ = events.send(Instant::now());
            return;
        }
    }
}
