//! What jobs cost as the data grow: closing a day with few and with very many users who did nothing on it, and settling a
//! million awards beside one bare set-based statement. Both in one go, in turns, each round on fresh copies of the data.
//!
//! `cargo bench --bench jobs`. Needs Linux, for its /proc. `NEWBEE_BENCH_SCALE=0.1` takes a tenth of the rows.
//! `cargo bench --bench jobs -- feed 600` delivers changes to the example host instead, while both are killed: see `feed.rs`.

mod close_day;
mod feed;
mod job_run;
mod scratch;
mod settlement;

use scratch::Scratch;

const ROUNDS: usize = 3;

#[tokio::main]
async fn main() {
    // `cargo test --benches` would start it too.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let scratch = Scratch::start().await;
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "feed") {
        let number = |at: usize, default: u64| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(default);
        let (seconds, rate) = (number(place + 1, 600), number(place + 2, 1_000));
        feed::measure(&scratch, seconds, rate.cast_signed()).await;
        return scratch.stop().await;
    }
    let closing = close_day::measure(&scratch).await;
    let settling = settlement::measure(&scratch).await;
    println!("\nMedians of {ROUNDS} rounds.\n");
    closing.print();
    println!();
    settling.print();
    scratch.stop().await;
}

/// `rows` at the scale asked for; at least ten, so that there are tenths.
fn scaled(rows: u32) -> u32 {
    let scale = std::env::var("NEWBEE_BENCH_SCALE").map_or(1.0, |scale| scale.parse::<f64>().expect("a number"));
    ((f64::from(rows) * scale) as u32).max(10)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// `1000000` as `1,000,000`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One aligned line: what, figure, and what it is to be.
fn print_line(what: &str, figure: &str, target: &str) {
    println!("{what:<58}{figure:>16}   {target}");
}
