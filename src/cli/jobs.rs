//! `newbee jobs`: what is scheduled, what ran, and running a job now.

use std::path::Path;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::database;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, JobsDirArgs, Problems};
use crate::domain::business_day::Calendar;
use crate::scheduler::on_request::Request;
use crate::scheduler::{ScheduledJob, Scheduler, manifest, registry};
use crate::service::cancel_run::CancelExtent;

mod author;
mod backfill;
mod cancel;
mod history;
mod list;
mod next;
mod pause;
mod progress;
mod run_now;
mod show;

/// Arguments of `newbee jobs`.
#[derive(Clone, Debug, Args)]
pub struct JobsArgs {
    #[command(subcommand)]
    command: JobsCommand,
    /// Print JSON instead of text: for scripts.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
    #[command(flatten)]
    manifests: JobsDirArgs,
}

#[derive(Clone, Debug, Subcommand)]
enum JobsCommand {
    /// Show every job: whether it is on, its last run, its next due time, and what waits
    #[command(
        after_help = "Examples:\n  newbee jobs list\n  newbee jobs list --json | jq '.[] | select(.last_run.state == \"FAILED\")'\n\n\
        BACKLOG is what waits to be done; LAG is how long ago the oldest due time was whose run is not over.\n\
        A job is stopped by `newbee jobs pause NAME`, or for good by `enabled = false` in its manifest (jobs/NAME.toml)\n\
        and a restart."
    )]
    List,
    /// Show when jobs are due next, in UTC and local time
    #[command(
        after_help = "Examples:\n  newbee jobs next\n  newbee jobs next close_day --count 30\n\n\
        Schedules keep their local time when the clocks change, so the UTC column jumps then."
    )]
    Next {
        /// Only this job
        name: Option<String>,
        /// So many due times of each job
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
        count: u16,
    },
    /// Run a job now, in this process, and show its report
    #[command(
        after_help = "Examples:\n  newbee jobs run settle_awards\n  newbee jobs run close_day --day 2026-11-21 --reason 'checking the totals'\n  newbee jobs run settle_awards --dry-run\n\n\
        The run goes through the same ledger as the scheduled ones: two runs of a job never overlap, on whatever machine,\n\
        and running a job twice does nothing twice. If the job is running elsewhere, this waits for its turn. Ctrl-C lets\n\
        the current batch finish and leaves the rest in the queue, for the next process that serves.\n\n\
        Exit code: 0 when the run succeeded, 1 when it failed, was cancelled or found something that needs attention (books\n\
        that do not balance, parked awards), 2 when it was left in the queue."
    )]
    Run {
        /// The job, as `newbee jobs list` names it
        name: String,
        /// The business day to work on (jobs that take one); the day that ended last if left out
        #[arg(long, value_name = "YYYY-MM-DD")]
        day: Option<NaiveDate>,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Tell what a run would do, and change nothing: every batch is rolled back
        #[arg(long)]
        dry_run: bool,
    },
    /// Run a day job for every day of a range, oldest first, and show how it went
    #[command(
        after_help = "Example:\n  newbee jobs backfill audit_books --from 2026-11-01 --to 2026-11-20 --reason 'after the restore'\n\n\
        Each day is a run of its own in the history. Ctrl-C lets the current batch finish; the days that are left stay in the\n\
        queue, and the processes that serve go on with them. `newbee jobs cancel RUN --backfill` ends that. Asking for the same\n\
        range again does the days that failed or were cancelled, and no day twice.\n\n\
        Exit code: 0 when every day succeeded, 1 when one failed, was cancelled or found something that needs attention,\n\
        2 when days are left in the queue."
    )]
    Backfill {
        /// The job, as `newbee jobs list` names it
        name: String,
        /// The first business day
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: NaiveDate,
        /// The last business day, at most 366 days on; it must be over
        #[arg(long, value_name = "YYYY-MM-DD")]
        to: NaiveDate,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Show past runs, newest first, with what they did or why they failed
    #[command(
        after_help = "Examples:\n  newbee jobs history\n  newbee jobs history close_day --limit 7\n\n\
        A due time that was missed and not made up for is a SKIPPED run that says why: nothing is lost in silence."
    )]
    History {
        /// Only this job
        name: Option<String>,
        /// At most so many runs
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show everything about one run
    #[command(after_help = "Examples:\n  newbee jobs show 4711\n  newbee jobs show 4711 --json | jq .report")]
    Show {
        /// Its number, as `newbee jobs history` shows it
        #[arg(value_name = "RUN")]
        run_id: i64,
    },
    /// Cancel a run: at once while it is queued, else after its current batch
    #[command(
        after_help = "Examples:\n  newbee jobs history --limit 3\n  newbee jobs cancel 4711 --reason 'the wrong day'\n\n\
        A running one ends between two batches: what it did until then stays done, and `newbee jobs show RUN` tells how\n\
        much that is. The job itself goes on at its next due time: see `newbee jobs pause`. With --backfill all days of the\n\
        run's back-fill that are not over are cancelled, and `newbee jobs backfill` with the same range takes them up again.\n\n\
        Exit code: 0 when the run is cancelled or was asked to stop, 1 when it is over already or cannot be reached."
    )]
    Cancel {
        /// Its number, as `newbee jobs history` shows it
        #[arg(value_name = "RUN")]
        run_id: i64,
        /// The whole back-fill that the run belongs to
        #[arg(long)]
        backfill: bool,
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Keep a job from being run when it is due
    #[command(
        after_help = "Example:\n  newbee jobs pause settle_awards --reason 'wrong amounts since noon, see the rules'\n\n\
        A run that is going on goes on (end it by `newbee jobs cancel RUN`), and `newbee jobs run` still works. It holds for\n\
        all processes at once and survives restarts. `newbee jobs list` shows who paused a job and why."
    )]
    Pause {
        /// The job, as `newbee jobs list` names it
        name: String,
        /// Why: shown to everybody who looks at the job
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let a paused job be run again
    #[command(
        after_help = "Example:\n  newbee jobs resume settle_awards --reason 'amounts are mended'\n\n\
        The due times that passed meanwhile are made up for by the job's own policy (catch_up in jobs/NAME.toml); those\n\
        that are not are SKIPPED runs in its history."
    )]
    Resume {
        /// The job, as `newbee jobs list` names it
        name: String,
        /// Why: kept in the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Runs `newbee jobs …` and prints to standard output. The exit code is for the shell; an `Err` is for people.
pub async fn run(args: JobsArgs, mut problems: Problems, clock: Clock) -> anyhow::Result<ExitCode> {
    let (options, zone) = (args.database.read(&mut problems), args.business.read(&mut problems));
    let folder = args.manifests.read(&mut problems);
    if let Some(zone) = zone {
        check_manifests(folder.as_deref(), Calendar::new(zone), &mut problems);
    }
    problems.into_result()?;
    let (options, zone) = options.zip(zone).expect("no problem was found");
    database::check(&options).await?;
    let app = App::start(&options, 1, clock, Calendar::new(zone), folder.as_deref())?;
    let scheduler = app.jobs;
    match args.command {
        JobsCommand::List => list::print(&scheduler, args.json).await,
        JobsCommand::Run {
            name,
            day,
            reason,
            dry_run,
        } => {
            let request = Request {
                day,
                dry_run,
                author: author::author(&scheduler),
                reason,
            };
            run_now::run(&scheduler, &name, &request, args.json).await
        }
        JobsCommand::Backfill { name, from, to, reason } => {
            backfill::run(&scheduler, &name, from..=to, reason.as_deref(), args.json).await
        }
        JobsCommand::Next { name, count } => next::print(&scheduler, name.as_deref(), count, args.json).await,
        JobsCommand::History { name, limit } => history::print(&scheduler, name.as_deref(), limit, args.json).await,
        JobsCommand::Show { run_id } => show::print(&scheduler, run_id, args.json).await,
        JobsCommand::Cancel {
            run_id,
            backfill,
            reason,
        } => {
            let extent = if backfill {
                CancelExtent::WholeBackfill
            } else {
                CancelExtent::ThisRun
            };
            cancel::run(&scheduler, run_id, extent, reason.as_deref(), args.json).await
        }
        JobsCommand::Pause { name, reason } => pause::pause(&scheduler, &name, &reason, args.json).await,
        JobsCommand::Resume { name, reason } => pause::resume(&scheduler, &name, &reason, args.json).await,
    }
}

/// Says what is wrong with the manifests, among everything else that is wrong with the configuration.
pub fn check_manifests(folder: Option<&Path>, calendar: Calendar, problems: &mut Problems) {
    let names: Vec<&str> = registry::jobs().iter().map(|job| job.name).collect();
    if let Err(manifest::ManifestProblems(found)) = manifest::load(folder, &names, &calendar) {
        found
            .into_iter()
            .for_each(|problem| problems.add(format!("jobs/{problem}")));
    }
}

/// A job by its name; the error names those there are.
fn find_job<'a>(scheduler: &'a Scheduler, name: &str) -> anyhow::Result<&'a ScheduledJob> {
    scheduler.job(name).ok_or_else(|| {
        let names: Vec<&str> = scheduler.jobs.iter().map(|job| job.name()).collect();
        anyhow::anyhow!("there is no job {name:?}; there are: {}", names.join(", "))
    })
}
