//! `newbee jobs`: what is scheduled, what ran, and running a job now.

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
use crate::config::{JobsDirArgs, Problems};
use crate::domain::business_day::Calendar;
use crate::scheduler::on_request::Request;
use crate::scheduler::{ScheduledJob, Scheduler, manifest, registry};
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
    /// Show every job: whether it is on, its last run, what waits, and when it is due next
    #[command(
        after_help = "Examples:\n  newbee jobs list\n  newbee jobs list --json | jq '.[] | select(.lastRun.state == \"FAILED\")'\n\n\
        BACKLOG is what waits to be done. LAG is the age of the oldest due time whose run is not over. NEXT is by the clock \
        of the job's own time zone. Jobs that are paused, off, running or failed are explained below the table.\n\n\
        To stop a job: newbee jobs pause NAME, or for good `enabled = false` in its manifest (jobs/NAME.toml) and a restart."
    )]
    List {
        /// Show UTC and the cron schedule, too
        #[arg(long)]
        wide: bool,
    },
    /// Show when jobs are due next, in UTC and local time
    #[command(
        after_help = "Examples:\n  newbee jobs next\n  newbee jobs next close_day --count 30\n\n\
        Schedules keep their local time when the clocks change, so the UTC column jumps then."
    )]
    Next {
        /// Only this job
        name: Option<String>,
        /// Number of due times of each job, at most 1000
        #[arg(long, value_name = "NUMBER", default_value = "5", value_parser = values::rows)]
        count: u16,
    },
    /// Run a job now, in this process, and show its report
    #[command(
        after_help = "Examples:\n  newbee jobs run settle_awards\n  newbee jobs run close_day --day 2026-11-21 --reason 'checking the totals'\n  newbee jobs run settle_awards --dry-run\n\n\
        The run goes through the same ledger as the scheduled ones: two runs of a job never overlap, on any machine, and \
        running a job twice does nothing twice. If the job is running elsewhere, this waits for its turn. Ctrl-C lets the \
        current batch finish and leaves the rest in the queue, for the next process that serves.\n\n\
        Exit code: 0 when the run succeeded, 1 when it failed, was cancelled or found something that needs attention (books \
        that do not balance, parked awards), 2 when it was left in the queue."
    )]
    Run {
        /// The job, as `newbee jobs list` names it
        name: String,
        /// The business day to work on (jobs that take one); the day that ended last if left out
        #[arg(long, value_name = "YYYY-MM-DD|yesterday")]
        day: Option<DayArg>,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Show what a run would do, and change nothing: every batch is rolled back
        #[arg(long)]
        dry_run: bool,
    },
    /// Run a day job for every day of a range, oldest first, and show how it went
    #[command(
        after_help = "Example:\n  newbee jobs backfill audit_books --from 2026-11-01 --to 2026-11-20 --reason 'after the restore'\n\n\
        Each day is a run of its own in the history. Ctrl-C lets the current batch finish; the days that are left stay in the \
        queue, and the processes that serve go on with them. `newbee jobs cancel RUN --backfill` ends that. The same range \
        again does the days that failed or were cancelled, and no day twice.\n\n\
        Exit code: 0 when every day succeeded, 1 when one failed, was cancelled or found something that needs attention, 2 \
        when days are left in the queue."
    )]
    Backfill {
        /// The job, as `newbee jobs list` names it
        name: String,
        /// The first business day, such as 2026-11-22 or yesterday
        #[arg(long, value_name = "DAY")]
        from: DayArg,
        /// The last business day, at most 366 days on; it must be over
        #[arg(long, value_name = "DAY")]
        to: DayArg,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Reopen business days that were closed by mistake
    #[command(
        after_help = "Example:\n  newbee jobs reopen-days 2026-11-28 --reason 'the clock was a week ahead'\n\n\
        Reopens the day and every later closed day, so that they take awards again. It is refused when one of them holds\n\
        awards: totals that were written down stay."
    )]
    ReopenDays {
        /// The first day to reopen
        #[arg(value_name = "YYYY-MM-DD|today")]
        day: DayArg,
        /// Reason, kept in the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show past runs, newest first: what each did, or why it failed
    #[command(
        after_help = "Examples:\n  newbee jobs history\n  newbee jobs history close_day --limit 7\n  \
        newbee jobs history --failed --since yesterday\n  newbee jobs history settle_awards --follow\n\n\
        Runs that found nothing to do are counted and not shown, unless --all or --json is given.\n\n\
        A due time that was missed and is not made up for is a SKIPPED run with the reason."
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
        /// Only runs that failed: the same as --state failed
        #[arg(long, conflicts_with = "state")]
        failed: bool,
        /// Only runs queued since then: a time, a day, today, yesterday, or a span such as 2h
        #[arg(long, value_name = "TIME", value_parser = when::since)]
        since: Option<when::Since>,
        /// Show runs that found nothing to do, too
        #[arg(long)]
        all: bool,
        /// Keep running and show each run as it ends; with --json one object a line
        #[arg(long)]
        follow: bool,
    },
    /// Show everything about one run
    #[command(after_help = "Examples:\n  newbee jobs show 4711\n  newbee jobs show 4711 --json | jq .report")]
    Show {
        /// Its number, as `newbee jobs history` shows it
        #[arg(value_name = "RUN", value_parser = values::run_id)]
        run_id: i64,
    },
    /// Cancel a run: at once while it is queued, else after its current batch
    #[command(
        after_help = "Examples:\n  newbee jobs history --limit 3\n  newbee jobs cancel 4711 --reason 'the wrong day'\n\n\
        A running one ends between two batches: what it did until then stays done, and `newbee jobs show RUN` shows how much \
        that is. The job itself goes on at its next due time: see `newbee jobs pause`. With --backfill all days of the run's \
        back-fill that are not over are cancelled, and `newbee jobs backfill` with the same range takes them up again.\n\n\
        Exit code: 0 when the run is cancelled or was asked to stop, 1 when it is over already or cannot be reached."
    )]
    Cancel {
        /// Its number, as `newbee jobs history` shows it
        #[arg(value_name = "RUN", value_parser = values::run_id)]
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
        A run at work goes on (to end it: newbee jobs cancel RUN), and `newbee jobs run` still works. The pause holds for all \
        processes at once and survives restarts. `newbee jobs list` shows who paused a job and why."
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
        Which due times that passed meanwhile are made up for is the job's own policy (catch_up in jobs/NAME.toml); the \
        others are SKIPPED runs in its history."
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
///
/// # Errors
/// Whatever kept the command from being done.
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

/// Opens the database for a command that knows the jobs by their manifests.
///
/// # Errors
/// A wrong configuration, a database that cannot be used, or one of another version.
pub async fn open(
    common: &CommonArgs,
    manifests: &JobsDirArgs,
    problems: &mut Problems,
    clock: Clock,
) -> anyhow::Result<(Scheduler, Admin)> {
    let (options, zone) = (common.database.read(problems), common.business.read(problems));
    let folder = manifests.read(problems);
    check_manifests(folder.as_deref(), zone, problems);
    std::mem::take(problems).into_result()?;
    let options = options.expect("no problem was found");
    database::check(&options).await?;
    let calendar = database::calendar_of_command(&options, zone).await?;
    let app = App::start(&options, 2, clock, calendar, folder.as_deref())?;
    let admin = Admin::new(&app.jobs, app.backend.clone());
    Ok((app.jobs, admin))
}

/// Says what is wrong with the manifests, among everything else that is wrong with the configuration.
///
/// Without a configured zone the database names the zone later, so that the zones of schedules are checked then.
pub fn check_manifests(folder: Option<&Path>, zone: Option<Tz>, problems: &mut Problems) {
    let jobs = registry::jobs();
    let names: Vec<&str> = jobs.iter().map(|job| job.name).collect();
    let calendar = Calendar::new(zone.unwrap_or(DEFAULT_ZONE));
    let checked = manifest::load(folder, &names, &calendar).and_then(|manifests| match zone {
        Some(_) => registry::check_zones(&jobs, &manifests, &calendar),
        None => Ok(()),
    });
    if let Err(manifest::ManifestProblems(found)) = checked {
        found
            .into_iter()
            .for_each(|problem| problems.add(format!("jobs/{problem}")));
    }
}

/// A job by its name; the error names those there are.
fn find_job<'a>(scheduler: &'a Scheduler, name: &str) -> anyhow::Result<&'a ScheduledJob> {
    scheduler.job(name).ok_or_else(|| {
        let names: Vec<&str> = scheduler.jobs.iter().map(|job| job.name()).collect();
        anyhow::anyhow!("There is no job {name:?}. There are: {}", names.join(", "))
    })
}
