//! Metrics of jobs and books that are read from the database at a scrape.

use std::time::{Duration, Instant};

use crate::store::bounded::PgPool;
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use super::{ScheduledJob, Scheduler};
use crate::domain::budget::BudgetUse;
use crate::domain::word::WordCampaign;
use crate::metrics::{self, learnt, learnt_of_job};
use crate::service::jobs::close_day::open_days;
use crate::store::business_days::reopening;
use crate::store::job_runs::due;
use crate::store::pools::Pools;
use crate::store::{book_audits, budgets, figures, host_endpoints, words};

/// Validity of the figures: scrapes within this time share them, so that they cannot load the database.
const FRESH_FOR: Duration = Duration::from_secs(5);
/// Time limit of the database for a scrape; a slower database is reported as down.
const PATIENCE: Duration = Duration::from_secs(2);
/// Maximum number of counted word campaigns without their public randomness.
const COUNTED_BEACONS: i64 = 100;

/// Reads figures from the database, rate-limited.
pub struct Standing {
    scheduler: Scheduler,
    asked_at: Mutex<Option<Instant>>,
}

impl Standing {
    /// Creates the collector and the metrics of all jobs.
    pub fn new(scheduler: Scheduler) -> Self {
        scheduler.jobs.iter().for_each(|job| metrics::introduce_job(job.name()));
        Self {
            scheduler,
            asked_at: Mutex::new(None),
        }
    }

    /// Updates the metrics. If the database fails, the metrics report that and keep their previous values.
    pub async fn refresh(&self) {
        self.tell_pools();
        let mut asked_at = self.asked_at.lock().await;
        if asked_at.is_some_and(|at| at.elapsed() < FRESH_FOR) {
            return;
        }
        let learnt_all = tokio::time::timeout(PATIENCE, self.ask()).await;
        let is_up = matches!(learnt_all, Ok(Ok(())));
        match learnt_all {
            Ok(Err(error)) => tracing::warn!(%error, "reading metrics from the database failed"),
            Err(_) => tracing::warn!("reading metrics from the database took too long"),
            Ok(Ok(())) => {}
        }
        // Set even after a failure, so that scrapes that wait for the lock do not run into the same timeout one by one.
        *asked_at = Some(Instant::now());
        learnt("newbee_database_up", f64::from(u8::from(is_up)));
    }

    fn tell_pools(&self) {
        let Pools {
            api,
            admin,
            jobs,
            heartbeat,
            live,
            replicas,
            ..
        } = &self.scheduler.ledger.pools;
        let pools = [
            ("api", api),
            ("admin", admin),
            ("jobs", jobs),
            ("heartbeat", heartbeat),
            ("live", live),
        ];
        for (name, pool) in pools {
            metrics::pool(name, pool.size(), pool.num_idle());
        }
        if let Some(replicas) = replicas {
            let (size, idle) = replicas.pools().fold((0, 0), |(size, idle), pool| {
                (size + pool.size(), idle + pool.num_idle())
            });
            metrics::pool("replicas", size, idle);
        }
    }

    async fn ask(&self) -> sqlx::Result<()> {
        // The connections of the heartbeat pool are free even if all others are in use.
        let pool = &self.scheduler.ledger.pools.heartbeat;
        let now = self.scheduler.ledger.clock.now();
        for job in self.scheduler.jobs.iter() {
            self.ask_of_job(pool, job, now).await?;
        }
        let backlog = figures::settlement_backlog(pool, now).await?;
        learnt("newbee_settlement_due", backlog.due as f64);
        learnt("newbee_settlement_parked", backlog.parked as f64);
        let oldest = backlog.oldest_due.map_or(0.0, |due| (now - due).as_seconds_f64());
        learnt("newbee_settlement_oldest_due_seconds", oldest);
        let calendar = self.scheduler.ledger.calendar;
        let open = open_days(pool, now, &calendar).await?;
        learnt("newbee_business_days_open", open as f64);
        let ahead = reopening::closed_ahead(pool, calendar.day_of(now)).await?;
        learnt("newbee_business_days_closed_ahead", ahead.count as f64);
        let awaiting = words::awaiting_beacon(pool, now, COUNTED_BEACONS).await?;
        let due = awaiting.iter().filter_map(WordCampaign::awaited_beacon_at);
        learnt("newbee_word_beacons_due", due.filter(|at| *at <= now).count() as f64);
        let endpoints = host_endpoints::list(pool).await?;
        let active = || endpoints.iter().filter(|endpoint| endpoint.disabled_reason.is_none());
        let failures = active().map(|endpoint| endpoint.failures).max();
        learnt("newbee_webhook_consecutive_failures", failures.unwrap_or(0).into());
        let pending: i64 = active().map(|endpoint| endpoint.pending).sum();
        learnt("newbee_webhook_pending", pending as f64);
        let oldest = active().filter_map(|endpoint| endpoint.pending_since).min();
        let age = oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0));
        learnt("newbee_webhook_oldest_pending_seconds", age);
        let dead_letters: i64 = endpoints.iter().map(|endpoint| endpoint.dead_letters).sum();
        learnt("newbee_webhook_dead_letters", dead_letters as f64);
        let budgets = budgets::list(pool, calendar.day_of(now)).await?;
        let limits = budgets.iter().flat_map(|budget| [budget.day, budget.total]).flatten();
        let nearly_spent = limits.filter(BudgetUse::is_nearly_spent).count();
        learnt("newbee_budgets_nearly_spent", nearly_spent as f64);
        let newest = book_audits::latest_finished(pool).await?;
        let newest = newest.as_ref();
        learnt(
            "newbee_ledger_invariant_violations",
            newest.map_or(0.0, |audit| audit.violations as f64),
        );
        learnt(
            "newbee_audit_unfinished_checks",
            newest.map_or(0.0, |audit| audit.unfinished as f64),
        );
        learnt(
            "newbee_audit_last_timestamp_seconds",
            unix(newest.and_then(|audit| audit.ended_at)),
        );
        Ok(())
    }

    async fn ask_of_job(&self, pool: &PgPool, job: &ScheduledJob, now: DateTime<Utc>) -> sqlx::Result<()> {
        let (name, known) = (job.name(), due::job(pool, job.name()).await?);
        let lag = self.scheduler.lag(job, known.as_ref(), pool, now).await?;
        learnt_of_job("newbee_job_lag_seconds", name, lag.as_seconds_f64());
        let paused_at = known.and_then(|known| known.paused_at);
        learnt_of_job("newbee_job_paused", name, f64::from(u8::from(paused_at.is_some())));
        learnt_of_job("newbee_job_paused_since_timestamp_seconds", name, unix(paused_at));
        let mut next = job.manifest.schedule.after(now);
        if let (Some(first), Some(second)) = (next.next(), next.next()) {
            learnt_of_job("newbee_job_period_seconds", name, (second - first).as_seconds_f64());
        }
        let runs = figures::run_figures(pool, name).await?;
        learnt_of_job(
            "newbee_job_last_success_timestamp_seconds",
            name,
            unix(runs.last_success),
        );
        learnt_of_job("newbee_job_consecutive_failures", name, runs.failures_in_a_row as f64);
        Ok(())
    }
}

/// Returns the Unix time in seconds; 0 for `None`.
fn unix(at: Option<DateTime<Utc>>) -> f64 {
    at.map_or(0.0, |at| at.timestamp_millis() as f64 / 1_000.0)
}
