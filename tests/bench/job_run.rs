//! One run of a job by the program itself, `newbee jobs run`: how long it took by the run ledger, and its memory.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::scratch::Scratch;

pub struct JobRun {
    /// From the claim to the end of the run, without the start of the process.
    pub seconds: f64,
    /// The most resident memory of the process.
    pub peak_megabytes: f64,
    pub report: Value,
}

pub async fn run(scratch: &Scratch, database: &str, job: &str, arguments: &[String]) -> JobRun {
    let mut process = Command::new(env!("CARGO_BIN_EXE_newbee"))
        .args(["jobs", "run", job])
        .args(arguments)
        .env("DATABASE_URL", scratch.url(database))
        .env("NEWBEE_LOG", "warn")
        .env_remove("NEWBEE_BENCH_SCALE") // ours: the program refuses settings that it does not know
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut peak = 0.0;
    let status = loop {
        // The kernel keeps the peak: only what comes after the last look is missed.
        peak = peak_megabytes(process.id()).unwrap_or(peak);
        if let Some(status) = process.try_wait().expect("it is our child") {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(status.success(), "{job} failed");
    let (seconds, report) = sqlx::query_as(
        "select extract(epoch from ended_at - started_at)::float8, report from job_runs
         where job = $1 and state = 'SUCCEEDED' order by run_id desc limit 1",
    )
    .bind(job)
    .fetch_one(&mut scratch.connect(database).await)
    .await
    .expect("the run is in the ledger");
    JobRun {
        seconds,
        peak_megabytes: peak,
        report,
    }
}

/// `None` when the process has ended.
fn peak_megabytes(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
