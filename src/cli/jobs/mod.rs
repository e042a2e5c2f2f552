//! `newbee jobs …`: schedules, run history and manual runs.

use std::path::Path;
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::{Args, Subcommand};

use super::admin::Admin;
use super::common::CommonArgs;
use super::day::DayArg;
use super::{database, values};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{JobsDirArgs, PoolSizes, Problems};
use crate::domain::business_day::Calendar;
use crate::scheduler::on_request::Request;
use crate::scheduler::{ScheduledJob, Scheduler, manifest};
use crate::service::business_zone::DEFAULT_ZONE;
use crate::service::cancel_run::CancelExtent;

mod backfill;
mod cancel;
mod history;
mod list;
mod next;
mod pause;
mod progress;
mod reopen;
mod run_now;
mod sentence;
mod shapes;
mod show;
mod when;

pub use list::{remarks, table};
pub use shapes::{Job, jobs};

/// Arguments of `newbee jobs`.
#[derive(Clone, Debug, Args)]
pub struct JobsArgs {
    #[command(subcommand)]
    command: JobsCommand,
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    manifests: JobsDirArgs,
}

#[derive(Clone, Debug, Subcommand)]
enum JobsCommand {
    /// List the jobs with their state, last run, backlog and next due time
    #[command(
        after_help = "Examples:\n  newbee jobs list\n  newbee jobs list --json | jq '.[] | select(.lastRun.state == \"FAILED\")'\n\n\
        BACKLOG is the amount of pending work. LAG is the age of the oldest due time whose run is not over. NEXT is in the \
        time zone of the job's schedule. Jobs that are paused, off, running or failed are explained below the table.\n\n\
        To stop a job: newbee jobs pause NAME, or permanently: set enabled = false in its manifest (jobs/NAME.toml) and restart."
    )]
    List {
        /// Also show UTC times and cron schedules
        #[arg(long)]
        wide: bool,
    },
    /// Show the next due times of jobs, in UTC and local time
    #[command(
        after_help = "Examples:\n  newbee jobs next\n  newbee jobs next close_day --count 30\n\n\
        Schedules keep their local time across daylight saving changes, so the UTC time shifts."
    )]
    Next {
        /// Only this job
        name: Option<String>,
        /// Number of due times per job, at most 1000
        #[arg(long, value_name = "NUMBER", default_value = "5", value_parser = values::rows)]
        count: u16,
    },
    /// Run a job now in this process and show its report
    #[command(
        after_help = "Examples:\n  newbee jobs run settle_awards\n  newbee jobs run close_day --day 2026-11-21 --reason 'checking the totals'\n  newbee jobs run settle_awards --dry-run\n\n\
        The run uses the same ledger as scheduled runs: two runs of a job never overlap, on any machine, and running a job \
        twice has no additional effect. If the job is running elsewhere, the command waits for its turn. Ctrl-C finishes \
        the current batch and leaves the rest in the queue for the next serving process.\n\n\
        Exit code: 0 the run succeeded, 1 it failed, was cancelled or found something that needs attention (books that do \
        not balance, parked awards), 2 it was left in the queue."
    )]
    Run {
        /// Job name, as shown by `newbee jobs list`
        name: String,
        /// Business day to process (jobs that take one) [default: the last completed day]
        #[arg(long, value_name = "YYYY-MM-DD|yesterday")]
        day: Option<DayArg>,
        /// Reason, recorded in the history
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Show the effect of a run without changing anything: every batch is rolled back
        #[arg(long)]
        dry_run: bool,
    },
    /// Run a daily job for every day of a range, oldest first, and show the results
    #[command(
        after_help = "Example:\n  newbee jobs backfill audit_books --from 2026-11-01 --to 2026-11-20 --reason 'after the restore'\n\n\
        Each day is a separate run in the history. Ctrl-C finishes the current batch; the remaining days stay in the queue \
        for the serving processes. To cancel them: `newbee jobs cancel RUN --backfill`. Repeating the same range runs only \
        the days that failed or were cancelled.\n\n\
        Exit code: 0 every day succeeded, 1 a day failed, was cancelled or found something that needs attention, 2 days \
        are left in the queue."
    )]
    Backfill {
        /// Job name, as shown by `newbee jobs list`
        name: String,
        /// The first business day, such as 2026-11-22 or yesterday
        #[arg(long, value_name = "DAY")]
        from: DayArg,
        /// The last business day, which must be over; at most 366 days in total
        #[arg(long, value_name = "DAY")]
        to: DayArg,
        /// Reason, recorded in the history
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Reopen business days that were closed by mistake
    #[command(
        after_help = "Example:\n  newbee jobs reopen-days 2026-11-28 --reason 'the clock was a week ahead'\n\n\
        Reopens the day and every later closed day, so that they accept awards again. Rejected if one of them has awards,\n\
        because recorded totals never change."
    )]
    ReopenDays {
        /// The first day to reopen
        #[arg(value_name = "YYYY-MM-DD|today")]
        day: DayArg,
        /// Reason, recorded in the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show past runs, newest first, with the result or error of each
    #[command(
        after_help = "Examples:\n  newbee jobs history\n  newbee jobs history close_day --limit 7\n  \
        newbee jobs history --failed --since yesterday\n  newbee jobs history settle_awards --follow\n\n\
        Runs that found nothing to do are only counted, unless --all or --json is given.\n\n\
        A missed due time that is not caught up is a SKIPPED run with the reason."
    )]
    History {
        /// Only this job
        name: Option<String>,
        /// Number of runs to show, at most 1000
        #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = values::rows)]
        limit: u16,
        /// Only runs in this state: queued, running, succeeded, failed, skipped or cancelled
        #[arg(long, value_name = "STATE", value_parser = when::run_state)]
        state: Option<String>,
        /// Only failed runs, like --state failed
        #[arg(long, conflicts_with = "state")]
        failed: bool,
        /// Only runs queued since this time: a time, a day, today, yesterday, or a duration such as 2h
        #[arg(long, value_name = "TIME", value_parser = when::since)]
        since: Option<when::Since>,
        /// Also show runs that found nothing to do
        #[arg(long)]
        all: bool,
        /// Keep running and show each run as it ends; with --json one object per line
        #[arg(long)]
        follow: bool,
    },
    /// Show the details of a run
    #[command(after_help = "Examples:\n  newbee jobs show 4711\n  newbee jobs show 4711 --json | jq .report")]
    Show {
        /// Run ID, as shown by `newbee jobs history`
        #[arg(value_name = "RUN", value_parser = values::run_id)]
        run_id: i64,
    },
    /// Cancel a run: immediately if it is queued, else after its current batch
    #[command(
        after_help = "Examples:\n  newbee jobs history --limit 3\n  newbee jobs cancel 4711 --reason 'the wrong day'\n\n\
        A running run ends after its current batch. Completed batches are kept, and `newbee jobs show RUN` shows the progress \
        so far. The job runs again at its next due time; to prevent that: `newbee jobs pause`. --backfill cancels all \
        unfinished days of the run's back-fill; `newbee jobs backfill` with the same range runs them again.\n\n\
        Exit code: 0 the run is cancelled or will be after its current batch, 1 it is already over or locked."
    )]
    Cancel {
        /// Run ID, as shown by `newbee jobs history`
        #[arg(value_name = "RUN", value_parser = values::run_id)]
        run_id: i64,
        /// Cancel the whole back-fill of the run
        #[arg(long)]
        backfill: bool,
        /// Reason, recorded in the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Pause a job: it does not run when due
    #[command(
        after_help = "Example:\n  newbee jobs pause settle_awards --reason 'wrong amounts since noon, see the rules'\n\n\
        A run in progress continues (to end it: newbee jobs cancel RUN), and `newbee jobs run` still works. The pause applies \
        to all processes immediately and persists across restarts. `newbee jobs list` shows who paused a job and why."
    )]
    Pause {
        /// Job name, as shown by `newbee jobs list`
        name: String,
        /// Reason, shown with the job
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Resume a paused job
    #[command(
        after_help = "Example:\n  newbee jobs resume settle_awards --reason 'amounts are corrected'\n\n\
        The catch_up policy of the job (jobs/NAME.toml) decides which due times missed meanwhile are run; the others are \
        SKIPPED runs in its history."
    )]
    Resume {
        /// Job name, as shown by `newbee jobs list`
        name: String,
        /// Reason, recorded in the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Runs `newbee jobs …` and returns the exit code of the process.
///
/// # Errors
/// The configuration is invalid, a read or write fails, the request is rejected, or standard output cannot be written.
pub async fn run(args: JobsArgs, mut problems: Problems, clock: Clock) -> anyhow::Result<ExitCode> {
    let json = args.common.json;
    let (scheduler, admin) = open(&args.common, &args.manifests, &mut problems, clock).await?;
    let calendar = scheduler.ledger.calendar;
    let resolve = |day: DayArg| day.resolve(calendar, scheduler.ledger.clock.now());
    match args.command {
        JobsCommand::List { wide } => list::print(&admin, wide, json).await,
        JobsCommand::Run {
            name,
            day,
            reason,
            dry_run,
        } => {
            let request = Request {
                day: day.map(resolve),
                dry_run,
                author: admin.author.clone(),
                reason,
            };
            run_now::run(&scheduler, &admin, &name, &request, json).await
        }
        JobsCommand::Backfill { name, from, to, reason } => {
            backfill::run(
                &scheduler,
                &admin,
                &name,
                resolve(from)..=resolve(to),
                reason.as_deref(),
                json,
            )
            .await
        }
        JobsCommand::ReopenDays { day, reason } => reopen::run(&scheduler, &admin, resolve(day), &reason, json).await,
        JobsCommand::Next { name, count } => next::print(&scheduler, name.as_deref(), count, json).await,
        JobsCommand::History {
            name,
            limit,
            state,
            failed,
            since,
            all,
            follow,
        } => {
            if let Some(name) = &name {
                find_job(&scheduler, name)?;
            }
            let listing = history::Listing {
                job: name,
                state: state.or(failed.then(|| "FAILED".to_owned())),
                since: since.map(|since| since.at(calendar, admin.author.at)),
                limit: limit.into(),
                all,
                follow,
                json,
            };
            history::print(&admin, &listing).await
        }
        JobsCommand::Show { run_id } => show::print(&scheduler, &admin, run_id, json).await,
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
            cancel::run(&scheduler, &admin, run_id, extent, reason.as_deref(), json).await
        }
        JobsCommand::Pause { name, reason } => pause::pause(&scheduler, &admin, &name, &reason, json).await,
        JobsCommand::Resume { name, reason } => pause::resume(&scheduler, &admin, &name, &reason, json).await,
    }
}

/// Opens the database for a command that uses the jobs and their manifests.
///
/// # Errors
/// The configuration is invalid, the database is unusable, or its schema has another version.
pub async fn open(
    common: &CommonArgs,
    manifests: &JobsDirArgs,
    problems: &mut Problems,
    clock: Clock,
) -> anyhow::Result<(Scheduler, Admin)> {
    let (settings, zone) = (common.database.read(problems), common.business.read(problems));
    let folder = manifests.read(problems);
    check_manifests(folder.as_deref(), zone, problems);
    std::mem::take(problems).into_result()?;
    let database = database::check(&settings.expect("no problem was found")).await?;
    let calendar = database::calendar_of_command(&database, zone).await?;
    let app = App::start(&database, PoolSizes::standard(2), clock, calendar, folder.as_deref())?;
    let admin = Admin::new(&app.jobs, app.state);
    Ok((app.jobs, admin))
}

/// Validates the job manifests and adds their problems to those of the configuration.
///
/// Without a configured zone, the zones of schedules are validated later, when the zone is read from the database.
pub fn check_manifests(folder: Option<&Path>, zone: Option<Tz>, problems: &mut Problems) {
    let calendar = Calendar::new(zone.unwrap_or(DEFAULT_ZONE));
    let checked = manifest::load(folder, &calendar).and_then(|manifests| match zone {
        Some(_) => manifest::check_zones(&manifests, &calendar),
        None => Ok(()),
    });
    if let Err(manifest::ManifestProblems(found)) = checked {
        found
            .into_iter()
            .for_each(|problem| problems.add(format!("jobs/{problem}")));
    }
}

/// Returns a job by its name; the error lists the existing jobs.
fn find_job<'a>(scheduler: &'a Scheduler, name: &str) -> anyhow::Result<&'a ScheduledJob> {
    scheduler.job(name).ok_or_else(|| {
        let names: Vec<&str> = scheduler.jobs.iter().map(|job| job.name()).collect();
        anyhow::anyhow!("There is no job {name:?}. Jobs: {}", names.join(", "))
    })
}
