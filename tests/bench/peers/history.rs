//! `me` of the same users with a million and with ten million awards.

use super::Options;
use super::database::{Data, Database};
use super::measurement::{self, Measurement};
use super::report;
use super::server::Server;
use super::target::Target;
use super::work::{Kind, Work};

const USERS: u32 = 66_667;
const WORK: Work = Work {
    kind: Kind::Me,
    connections: 32,
};

/// History of every tenth user for 30 days, and of each user for 54.
const SIZES: [(&str, u32, u32); 2] = [("newbee_short", 30, 10), ("newbee_long", 54, 1)];

pub async fn run(newbee: &Target, database: &Database, options: &Options) {
    let users = options.users.unwrap_or(USERS);
    let mut targets = Vec::new();
    for (name, history_days, history_every) in SIZES {
        let data = Data {
            users,
            history_days,
            history_every,
        };
        let target = newbee.clone().on(name);
        database.fill(&target, data).await;
        targets.push(target);
    }
    let mut measured: [Vec<Measurement>; 2] = Default::default();
    for round in 0..options.rounds {
        for (place, target) in targets.iter().enumerate() {
            let server = Server::start(target, database).await;
            let measurement = measurement::measure(&server, WORK, round, users, options.seconds, database).await;
            eprintln!(
                "round {}/{}, {}: {measurement}",
                round + 1,
                options.rounds,
                target.database
            );
            measured[place].push(measurement);
            drop(server);
        }
    }
    report::print_head(WORK);
    for (target, measurements) in targets.iter().zip(&measured) {
        let awards = database.count(&target.database, "awards").await;
        report::print_row(&format!("{awards} awards"), &measurements.iter().collect::<Vec<_>>());
    }
    let ratio = |figure: report::Figure| {
        let rounds = measured[0].iter().zip(&measured[1]);
        report::spread(rounds.map(|(short, long)| figure(long) / figure(short)).collect(), 2)
    };
    println!(
        "\nMore awards : fewer. CPU {}, p50 {}",
        ratio(Measurement::cpu),
        ratio(|m| m.p50)
    );
}
