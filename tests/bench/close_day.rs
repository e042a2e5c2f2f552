//! Closing a day: users who did nothing on it should cost nothing, however many they are.

use super::job_run;
use super::scratch::Scratch;
use super::{ROUNDS, grouped, median, print_line, scaled};

/// Awards of the day that is closed, the same for few and for many users.
const AWARDS: u32 = 500;
const FEW: u32 = 1_000;
const MANY: u32 = 1_000_000;
/// The day that is closed: over for long, whatever the hour.
const DAY: &str = "(now() at time zone 'Asia/Shanghai')::date - 2";

/// Median seconds.
pub struct Closing {
    few: f64,
    many: f64,
}

pub async fn measure(scratch: &Scratch) -> Closing {
    let sizes = [FEW, scaled(MANY)];
    for users in sizes {
        scratch.fill(&format!("closing_{users}"), data(users)).await;
    }
    let mut seconds: [Vec<f64>; 2] = Default::default();
    for round in 1..=ROUNDS {
        for (place, users) in sizes.into_iter().enumerate() {
            eprintln!("round {round}/{ROUNDS}: closing a day, {users} idle users");
            seconds[place].push(once(scratch, users).await);
        }
    }
    let [few, many] = seconds.map(median);
    Closing { few, many }
}

async fn once(scratch: &Scratch, users: u32) -> f64 {
    let database = "closing";
    scratch.copy(&format!("closing_{users}"), database).await;
    let day: String = sqlx::query_scalar("select (max(day) + 1)::text from business_days")
        .fetch_one(&mut scratch.connect(database).await)
        .await
        .expect("the day before is closed");
    let run = job_run::run(scratch, database, "close_day", &["--day".to_owned(), day]).await;
    assert_eq!(run.report["awards"], AWARDS, "{}", run.report);
    scratch.drop(database).await;
    run.seconds
}

/// Users whose streak is alive, for they signed in on the day before, which is closed; and some others with the awards of
/// the day.
fn data(idle: u32) -> String {
    format!(
        "insert into users (user_id, name, created_at, updated_at)
             select n, 'User ' || n, now(), now() from generate_series(1, {idle} + {AWARDS}) n;
         insert into award_feeds (user_id, last_change, last_sign_in, streak_length) select n, 0, {DAY} - 1, 3 from generate_series(1, {idle}) n;
         insert into daily_counters (user_id, business_day, item, count)
             select n, {DAY} - 1, 'sign_in', 1 from generate_series(1, {idle}) n;
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, status, business_day,
                             settles_at, created_at, updated_at)
             select n, 'import', 'day', 'sign_in', 'DAILY', 1, 5, '1', 'PENDING', {DAY} - (n <= {idle})::int, now(), now(), now()
             from generate_series(1, {idle} + {AWARDS}) n;
         insert into business_days (day, state, closed_at) select {DAY} - 1, 'CLOSED', now();"
    )
}

impl Closing {
    pub fn print(&self) {
        let milliseconds = |seconds: f64| format!("{:.1} ms", seconds * 1e3);
        let label = |users: u32| format!("close_day, {} users with live streaks, all idle", grouped(users.into()));
        print_line(&label(FEW), &milliseconds(self.few), "");
        print_line(&label(scaled(MANY)), &milliseconds(self.many), "");
        print_line("  ratio", &format!("{:.2}", self.many / self.few), "at most 1.2");
    }
}
