//! Schedulers, runs, jobs and awards of tests.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use futures_util::future::BoxFuture;
use newbee::domain::audit::Author;
use newbee::messages::Message;
use newbee::scheduler::due_times::{CatchUp, Schedule};
use newbee::scheduler::manifest::Manifest;
use newbee::scheduler::one_run::RunOutcome;
use newbee::scheduler::{ScheduledJob, Scheduler};
use newbee::service::jobs::audit_books::AuditBooks;
use newbee::service::jobs::{AnyJob, Backlog, JobContext, JobEnd, ReadContext, ReadReport};
use newbee::store::job_runs::Lease;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::TestApp;

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

impl TestApp {
    /// A scheduler with connections of its own, as another process would have.
    pub fn scheduler(&self, jobs: Vec<ScheduledJob>) -> Scheduler {
        Scheduler::new(self.database().pools(4), self.clock.clone(), self.calendar, jobs)
    }

    /// The scheduler as the program has it, with the built-in manifests.
    pub fn real_scheduler(&self) -> Scheduler {
        Scheduler::load(self.database().pools(4), self.clock.clone(), self.calendar, None).unwrap()
    }

    /// Runs the jobs that are due at the clock's time.
    pub async fn run_due_jobs(&self) -> Vec<RunOutcome> {
        self.app.jobs.tick().await.expect("the scheduler looks")
    }

    /// Runs the jobs that are due at the clock's time, except one.
    pub async fn run_due_jobs_but(&self, name: &str) -> Vec<RunOutcome> {
        let jobs = self
            .app
            .jobs
            .jobs
            .iter()
            .filter(|job| job.name() != name)
            .cloned()
            .collect();
        let ledger = &self.app.jobs.ledger;
        let others = Scheduler::new(ledger.pools.clone(), ledger.clock.clone(), ledger.calendar, jobs);
        others.tick().await.expect("the scheduler looks")
    }

    /// An author of changes at the clock's time.
    pub fn author(&self, name: &str) -> Author {
        Author {
            name: name.to_owned(),
            request_id: None,
            at: self.clock.now(),
        }
    }

    /// Runs of a job in order of their due times: state, attempt, error or reason.
    pub async fn runs(&self, job: &str) -> Vec<(String, i32, String)> {
        sqlx::query_as(
            "select state::text, attempt, coalesce(error, reason, '') from job_runs where job = $1 order by scheduled_for, run_id",
        )
        .bind(job)
        .fetch_all(self.pool())
        .await
        .unwrap()
    }

    pub async fn states(&self, job: &str) -> BTreeMap<String, usize> {
        self.runs(job)
            .await
            .into_iter()
            .fold(BTreeMap::new(), |mut states, (state, _, _)| {
                *states.entry(state).or_default() += 1;
                states
            })
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.pool()).await.unwrap()
    }

    /// Users 1 to `users` with `each` pending awards of 10 coins of the given day, due at once.
    pub async fn make_awards(&self, users: i64, each: i64, day: NaiveDate) {
        sqlx::query("insert into users (user_id, created_at, updated_at) select n, $2, $2 from generate_series(1, $1) n on conflict do nothing")
            .bind(users)
            .bind(self.clock.now())
            .execute(self.pool())
            .await
            .unwrap();
        sqlx::query("insert into award_feeds (user_id, last_change) select n, 0 from generate_series(1, $1) n on conflict do nothing")
            .bind(users)
            .execute(self.pool())
            .await
            .unwrap();
        sqlx::query(
            "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                                 business_day, settles_at, created_at, updated_at)
             select u, 'import', gen_random_uuid()::text, 'join_group', 'DAILY', 1, 10, (1 + g % 2)::text, 'group_' || g, $3, $4, $4, $4
             from generate_series(1, $1) u, generate_series(1, $2) g",
        )
        .bind(users)
        .bind(each)
        .bind(day)
        .bind(self.clock.now())
        .execute(self.pool())
        .await
        .unwrap();
    }

    /// A context whose lease holds, for a job of its own name: so that two runs of the same work may overlap, as they
    /// never do by the ledger.
    pub async fn context(&self, name: &str, batch_size: u32) -> JobContext {
        let token = uuid::Uuid::new_v4();
        sqlx::query("insert into jobs values ($1, $2, null, null, null, $2)")
            .bind(name)
            .bind(self.clock.now())
            .execute(self.pool())
            .await
            .unwrap();
        let run_id = sqlx::query_scalar(
            "insert into job_runs (job, run_key, origin, scheduled_for, state, lease_token, lease_expires_at, requested_by, created_at)
             values ($1, 'test', 'MANUAL', $2, 'RUNNING', $3, clock_timestamp() + interval '1 hour', 'test', $2) returning run_id",
        )
        .bind(name)
        .bind(self.clock.now())
        .bind(token)
        .fetch_one(self.pool())
        .await
        .unwrap();
        JobContext {
            pool: self.pools.jobs.clone(),
            clock: self.clock.clone(),
            calendar: self.calendar,
            lease: Lease {
                run_id,
                token,
                duration: Duration::from_secs(60),
            },
            business_day: None,
            by_backfill: false,
            is_scheduled: false,
            dry_run: false,
            progress: None,
            batch_size,
            stop: CancellationToken::new(),
        }
    }

    /// Fails if an audit of the books finds anything.
    pub async fn assert_audit_finds_nothing(&self) {
        let job = JobContext {
            business_day: Some(self.calendar.day_before(self.now().day)),
            ..self.context("audit", 1).await
        };
        let JobEnd::Done(report) = AuditBooks::SCHEDULED.run(job).await.expect("the audit runs") else {
            panic!("the audit was interrupted")
        };
        assert_eq!(report["violated"], serde_json::json!({}), "{report}");
    }

    /// Fails if the books do not balance.
    pub async fn assert_sound(&self) {
        self.database().assert_books_balance().await;
    }
}

/// A job whose work is a closure.
pub struct TestJob<W> {
    name: &'static str,
    ready_after: Option<TimeDelta>,
    work: W,
}

impl<F, W> TestJob<W>
where
    F: Future<Output = anyhow::Result<JobEnd>> + Send + 'static,
    W: Fn(JobContext) -> F + Send + Sync + 'static,
{
    pub fn sweep(name: &'static str, work: W) -> &'static dyn AnyJob {
        Self::leak(name, None, work)
    }

    pub fn of_day(name: &'static str, work: W) -> &'static dyn AnyJob {
        Self::leak(name, Some(TimeDelta::zero()), work)
    }

    fn leak(name: &'static str, ready_after: Option<TimeDelta>, work: W) -> &'static dyn AnyJob {
        Box::leak(Box::new(Self {
            name,
            ready_after,
            work,
        }))
    }
}

impl<F, W> AnyJob for TestJob<W>
where
    F: Future<Output = anyhow::Result<JobEnd>> + Send + 'static,
    W: Fn(JobContext) -> F + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn manifest(&self) -> &'static str {
        ""
    }

    fn ready_after(&self) -> Option<TimeDelta> {
        self.ready_after
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, anyhow::Result<JobEnd>> {
        Box::pin((self.work)(context))
    }

    fn read_report(&self, report: &Value) -> ReadReport {
        ReadReport {
            had_effect: report["settled"].as_i64() > Some(0),
            ..ReadReport::default()
        }
    }

    fn attention<'a>(&'a self, _: &'a ReadContext<'a>, _: Option<&Value>) -> BoxFuture<'a, sqlx::Result<Vec<Message>>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn backlog<'a>(&'a self, _: &'a ReadContext<'a>) -> BoxFuture<'a, sqlx::Result<Option<Backlog>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// A job that is due every minute, with short times so that tests need not wait.
pub fn every_minute(job: &'static dyn AnyJob) -> ScheduledJob {
    ScheduledJob {
        manifest: Manifest {
            name: job.name().to_owned(),
            description: "A job of a test.".to_owned(),
            enabled: true,
            schedule: Schedule::parse("0 * * * * *", chrono_tz::Asia::Shanghai).unwrap(),
            catch_up: CatchUp::All,
            catch_up_window: Duration::from_secs(3600),
            timeout: Duration::from_secs(20),
            max_attempts: 5,
            batch_size: 100,
            lease: Duration::from_secs(10),
            heartbeat_every: Duration::from_secs(1),
        },
        job,
    }
}
