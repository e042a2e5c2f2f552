//! The jobs of this program. Each has its manifest in `jobs/`.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::service::audit_books::audit_books;
use crate::service::close_day::close_day;
use crate::service::expire_due::expire_due;
use crate::service::job::{JobContext, JobEnd};
use crate::service::pay_reservations::pay_reservations;
use crate::service::prune_history::prune_history;
use crate::service::settle_awards::settle_awards;

type Work = dyn Fn(JobContext) -> BoxFuture<'static, anyhow::Result<JobEnd>> + Send + Sync;

/// A job: an idempotent function with a name.
#[derive(Clone)]
pub struct Job {
    pub name: &'static str,
    /// Whether each run is about a business day: the one that ended before it was due.
    pub takes_day: bool,
    work: Arc<Work>,
}

impl Job {
    /// A job about whatever there is to do.
    pub fn sweep<F>(name: &'static str, work: impl Fn(JobContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<JobEnd>> + Send + 'static,
    {
        let work = Arc::new(move |context| Box::pin(work(context)) as BoxFuture<'static, _>);
        Self {
            name,
            takes_day: false,
            work,
        }
    }

    /// A job about one business day.
    pub fn of_day<F>(name: &'static str, work: impl Fn(JobContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<JobEnd>> + Send + 'static,
    {
        Self {
            takes_day: true,
            ..Self::sweep(name, work)
        }
    }

    pub(super) fn work(&self, context: JobContext) -> BoxFuture<'static, anyhow::Result<JobEnd>> {
        (self.work)(context)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(&self.name).finish()
    }
}

/// Every job there is, by name.
pub fn jobs() -> Vec<Job> {
    vec![
        Job::of_day("audit_books", audit_books),
        Job::of_day("close_day", close_day),
        Job::sweep("expire_due", expire_due),
        Job::sweep("pay_reservations", pay_reservations),
        Job::sweep("prune_history", prune_history),
        Job::sweep("settle_awards", settle_awards),
    ]
}
