//! Reads and sign-ins at once for some minutes: memory and latency should not grow.

use std::time::Instant;

use super::Options;
use super::database::{Data, Database};
use super::load::{self, Request};
use super::server::Server;
use super::target::Target;
use super::work::{Kind, Work};

const USERS: u32 = 100_000;
const SLICE_SECONDS: u32 = 30;
/// Each sign-in is its user's first, so that they must last: four connections, about 50 per second.
const SIGN_IN_PAUSE_MILLISECONDS: u32 = 80;
const READS: [Work; 2] = [
    Work {
        kind: Kind::Me,
        connections: 16,
    },
    Work {
        kind: Kind::Children,
        connections: 4,
    },
];
const SIGN_INS: Work = Work {
    kind: Kind::SignIn,
    connections: 4,
};

pub async fn run(newbee: &Target, database: &Database, options: &Options, minutes: u32) {
    let users = options.users.unwrap_or(USERS);
    database.fill(newbee, Data::of(users)).await;
    let server = Server::start(newbee, database).await;
    println!(
        "| minute | me/s | me p99 ms | children/s | children p99 ms | sign-ins | sign-in p99 ms | memory of the server, MB |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    let (begun, mut signed_in) = (Instant::now(), 0);
    while begun.elapsed().as_secs() < u64::from(minutes) * 60 {
        let request = |work| Request {
            skip: signed_in,
            pause_milliseconds: if work == SIGN_INS {
                SIGN_IN_PAUSE_MILLISECONDS
            } else {
                0
            },
            ..Request::new(work, users, SLICE_SECONDS)
        };
        let [me, children, sign_ins] = std::thread::scope(|scope| {
            let works = [READS[0], READS[1], SIGN_INS];
            let server = &server;
            let running = works.map(|work| {
                let request = request(work);
                scope.spawn(move || load::run(server, request))
            });
            running.map(|thread| thread.join().expect("wrk runs"))
        });
        // More than were counted: wrk leaves those that are open at its end.
        signed_in += sign_ins.requests as u32 + SIGN_INS.connections;
        println!(
            "| {:.1} | {:.0} | {:.2} | {:.0} | {:.2} | {:.0} | {:.2} | {:.1} |",
            begun.elapsed().as_secs_f64() / 60.0,
            me.requests / me.seconds,
            me.p99,
            children.requests / children.seconds,
            children.p99,
            sign_ins.requests,
            sign_ins.p99,
            resident_megabytes(server.process())
        );
    }
    drop(server);
}

fn resident_megabytes(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the server runs");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("its resident memory");
    let kilobytes = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse::<f64>().ok());
    kilobytes.expect("a number") / 1024.0
}
