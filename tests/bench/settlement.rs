//! Settling very many awards by the job, beside one statement that settles them all at once.

use std::time::Instant;

use chrono::{DateTime, Utc};
use newbee::clock::Clock;

use super::job_run;
use super::scratch::Scratch;
use super::{ROUNDS, grouped, median, print_line, scaled};

const AWARDS: u32 = 1_000_000;
const AWARDS_A_USER: u32 = 5;

/// What the job does, without bounds, batches, fence and progress.
const BARE: &str = "
    with settled as (
        update awards set status = 'SETTLED', updated_at = $1, changed_in = changed_in + 1 where status = 'PENDING' and settles_at <= $1 and settle_error is null
        returning user_id, award_id, coin_id, amount
    ),
    posted as (
        insert into ledger_entries (user_id, award_id, kind, coin_id, amount, run_id, posted_at)
        select user_id, award_id, 'SETTLE', coin_id, amount, 1, $1 from settled
    ),
    credited as (
        insert into balances as b (user_id, coin_id, settled, updated_at)
        select user_id, coin_id, sum(amount), $1 from settled group by user_id, coin_id
        on conflict (user_id, coin_id) do update
            set settled = b.settled + excluded.settled, updated_at = excluded.updated_at
    )
    select count(*) from settled";

/// Medians.
pub struct Settling {
    bare_seconds: f64,
    job_seconds: f64,
    /// Awards a second in the last tenth, by those in the first.
    last_to_first: f64,
    idle_megabytes: f64,
    peak_megabytes: f64,
}

pub async fn measure(scratch: &Scratch) -> Settling {
    scratch.fill("due", data(scaled(AWARDS))).await;
    scratch.fill("idle", String::new()).await;
    let mut rounds: Vec<Settling> = Vec::new();
    for round in 1..=ROUNDS {
        eprintln!("round {round}/{ROUNDS}: settling by one statement");
        let bare_seconds = bare(scratch).await;
        eprintln!("round {round}/{ROUNDS}: settling by the job");
        let idle = job_run::run(scratch, "idle", "settle_awards", &[]).await;
        scratch.copy("due", "by_job").await;
        let run = job_run::run(scratch, "by_job", "settle_awards", &[]).await;
        assert_eq!(run.report["settled"], scaled(AWARDS), "{}", run.report);
        let last_to_first = last_to_first(scratch).await;
        scratch.drop("by_job").await;
        eprintln!(
            "  one statement {bare_seconds:.2} s, job {:.2} s, {}",
            run.seconds, run.report
        );
        rounds.push(Settling {
            bare_seconds,
            job_seconds: run.seconds,
            last_to_first,
            idle_megabytes: idle.peak_megabytes,
            peak_megabytes: run.peak_megabytes,
        });
    }
    let of = |figure: fn(&Settling) -> f64| median(rounds.iter().map(figure).collect());
    Settling {
        bare_seconds: of(|round| round.bare_seconds),
        job_seconds: of(|round| round.job_seconds),
        last_to_first: of(|round| round.last_to_first),
        idle_megabytes: of(|round| round.idle_megabytes),
        peak_megabytes: of(|round| round.peak_megabytes),
    }
}

async fn bare(scratch: &Scratch) -> f64 {
    scratch.copy("due", "bare").await;
    let mut connection = scratch.connect("bare").await;
    let began = Instant::now();
    let settled: i64 = sqlx::query_scalar(BARE)
        .bind(Clock::machine().now())
        .fetch_one(&mut connection)
        .await
        .expect("all can be settled");
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(settled, i64::from(scaled(AWARDS)));
    scratch.drop("bare").await;
    seconds
}

/// Entries bear the moment at which their batch began, and a batch ends where the next begins.
async fn last_to_first(scratch: &Scratch) -> f64 {
    let mut connection = scratch.connect("by_job").await;
    let batches: Vec<(DateTime<Utc>, i64)> =
        sqlx::query_as("select posted_at, count(*) from ledger_entries group by posted_at order by posted_at")
            .fetch_all(&mut connection)
            .await
            .expect("entries");
    let end: DateTime<Utc> = sqlx::query_scalar("select max(ended_at) from job_runs where job = 'settle_awards'")
        .fetch_one(&mut connection)
        .await
        .expect("the run is over");
    let mut lasted = Vec::new();
    for (place, (began, awards)) in batches.iter().enumerate() {
        let ended = batches.get(place + 1).map_or(end, |next| next.0);
        lasted.push(((ended - began).as_seconds_f64(), *awards as f64));
    }
    let first = seconds_of_a_tenth(lasted.iter().copied());
    first / seconds_of_a_tenth(lasted.iter().rev().copied())
}

/// How long the first tenth of the awards took; of the batch in which it ends, the share that belongs to it.
fn seconds_of_a_tenth(batches: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut left = f64::from(scaled(AWARDS)) / 10.0;
    let mut taken = 0.0;
    for (seconds, awards) in batches {
        let share = (left / awards).min(1.0);
        taken += seconds * share;
        left -= awards * share;
    }
    taken
}

fn data(awards: u32) -> String {
    format!(
        "insert into users (user_id, name, created_at, updated_at)
             select n, 'User ' || n, now(), now() from generate_series(0, {awards} / {AWARDS_A_USER}) n where n > 0
             union all select {awards} / {AWARDS_A_USER} + 1, 'The last', now(), now();
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, status, business_day,
                             settles_at, created_at, updated_at)
             select n % ({awards} / {AWARDS_A_USER}) + 1, 'import', n::text, 'join_group', 'DAILY', 1, 10, '1', 'PENDING',
                    (now() at time zone 'Asia/Shanghai')::date, now(), now(), now()
             from generate_series(1, {awards}) n;"
    )
}

impl Settling {
    pub fn print(&self) {
        let rate = |seconds: f64| format!("{}/s", grouped(f64::from(scaled(AWARDS)) / seconds));
        let megabytes = |figure: f64| format!("{figure:.1} MB");
        let settling = format!("settling {} awards, ", grouped(scaled(AWARDS).into()));
        print_line(&format!("{settling}one bare statement"), &rate(self.bare_seconds), "");
        print_line(&format!("{settling}settle_awards"), &rate(self.job_seconds), "");
        let ratio = format!("{:.2}", self.bare_seconds / self.job_seconds);
        print_line("  ratio", &ratio, "at least 0.7");
        let flat = format!("{:.2}", self.last_to_first);
        print_line("  last tenth to first tenth, awards a second", &flat, "0.8 to 1.2");
        print_line(
            "  memory of the process, nothing due",
            &megabytes(self.idle_megabytes),
            "",
        );
        let more = self.peak_megabytes - self.idle_megabytes;
        print_line(
            "  more while it settles, at the peak",
            &megabytes(more),
            "at most 50 MB",
        );
    }
}
