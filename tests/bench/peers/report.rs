//! The tables: medians with the least and the greatest value, and the ratios to the fastest rival.

use super::measurement::Measurement;
use super::target::{Api, Target};
use super::work::Work;

pub type Figure = fn(&Measurement) -> f64;

/// Direction in which a figure is better.
#[derive(Clone, Copy)]
enum Better {
    Less,
    More,
}

pub fn print(measured: &[Measurement], works: &[Work], targets: &[Target]) {
    println!("\nMedians (least to greatest). CPU is time of the server + of Postgres per request.");
    for work in works {
        print_head(*work);
        let of = |target: &Target| -> Vec<&Measurement> {
            let its = |measurement: &&Measurement| measurement.target == target.name && measurement.work == *work;
            measured.iter().filter(its).collect()
        };
        for target in targets {
            print_row(target.name, &of(target));
        }
        let rivals = targets.iter().filter(|target| target.api == Api::Rival).map(of);
        let rivals: Vec<_> = rivals.filter(|measurements| !measurements.is_empty()).collect();
        let newbee = targets.iter().find(|target| target.api == Api::Newbee).map(of);
        let Some(newbee) = newbee.filter(|_| !rivals.is_empty()) else {
            continue;
        };
        println!("\nTimes in favour of newbee, against the rival that is best by the figure:");
        print_ratio("CPU", &rivals, &newbee, Measurement::cpu, Better::Less);
        print_ratio("requests/s", &rivals, &newbee, |m| m.rate, Better::More);
        print_ratio("p50", &rivals, &newbee, |m| m.p50, Better::Less);
    }
}

/// Prints the head of a table.
pub fn print_head(work: Work) {
    println!("\n{}, {} connections\n", work.name(), work.connections);
    println!(
        "| server | requests/s | p50 ms | p99 ms | CPU µs | of it server + Postgres | log bytes | others' cores |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
}

/// Prints the row of a server.
pub fn print_row(name: &str, measurements: &[&Measurement]) {
    let spread = |figure: Figure, digits| spread(sorted(measurements, figure), digits);
    let middle = |figure: Figure| median(&sorted(measurements, figure));
    println!(
        "| {name} | {} | {} | {} | {} | {:.0} + {:.0} | {} | {:.2} |",
        spread(|m| m.rate, 0),
        spread(|m| m.p50, 2),
        spread(|m| m.p99, 2),
        spread(Measurement::cpu, 0),
        middle(|m| m.server_cpu),
        middle(|m| m.postgres_cpu),
        spread(|m| m.log_bytes, 0),
        middle(|m| m.others),
    );
}

/// Prints the ratio to the best rival, computed in each round.
fn print_ratio(label: &str, rivals: &[Vec<&Measurement>], newbee: &[&Measurement], figure: Figure, better: Better) {
    let by_median = |a: &&Vec<&Measurement>, b: &&Vec<&Measurement>| {
        median(&sorted(a, figure)).total_cmp(&median(&sorted(b, figure)))
    };
    let best = match better {
        Better::Less => rivals.iter().min_by(by_median),
        Better::More => rivals.iter().max_by(by_median),
    };
    let best = best.expect("there are rivals");
    let mut ratios: Vec<f64> = Vec::new();
    for ours in newbee {
        let theirs = best.iter().find(|theirs| theirs.round == ours.round);
        let theirs = figure(theirs.expect("each round has all servers"));
        ratios.push(match better {
            Better::Less => theirs / figure(ours),
            Better::More => figure(ours) / theirs,
        });
    }
    println!("- {label}: {}, {}", spread(ratios, 2), best[0].target);
}

/// Formats the median of values, with the least and the greatest.
pub fn spread(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    match &values[..] {
        [first, .., last] => format!("{:.digits$} ({first:.digits$} to {last:.digits$})", median(&values)),
        _ => format!("{:.digits$}", median(&values)),
    }
}

fn sorted(measurements: &[&Measurement], figure: Figure) -> Vec<f64> {
    let mut values: Vec<f64> = measurements.iter().map(|measurement| figure(measurement)).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Returns the median of sorted values.
fn median(values: &[f64]) -> f64 {
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}
