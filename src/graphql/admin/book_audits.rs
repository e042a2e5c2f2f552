//! Results of ledger audits.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::awards::list_length;
use super::context::AdminContext;
use crate::domain::api_key::Scope;
use crate::graphql::NullableField;
use crate::graphql::scalars::{Date, DateTime};
use crate::loaders::ops::{AuditFinding as Finding, BookAudit as Audit, Books as ReadBooks};

#[derive(Default)]
pub(super) struct BookQueries;

#[Object]
impl BookQueries {
    /// Returns the state of the books according to the audit that ended last; null before the first. Needs OPS_READ.
    async fn books(&self, ctx: &Context<'_>) -> NullableField<Books> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let books = context.ops.books().await;
            books.map(|books| books.map(Books::from)).map_err(Into::into)
        };
        found.await.transpose()
    }

    /// Returns audits and their findings, newest business day first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn book_audits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<BookAudit>> {
        Some(book_audits(ctx, first).await)
    }
}

async fn book_audits(ctx: &Context<'_>, first: i32) -> Result<Vec<BookAudit>> {
    let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
    let audits = context.ops.book_audits(list_length(first)?).await;
    audits
        .map(|audits| audits.into_iter().map(BookAudit::from).collect())
        .map_err(Into::into)
}

/// State of the books after the audit that ended last.
#[derive(SimpleObject)]
struct Books {
    /// True if that audit finished all checks and found no violation.
    balanced: bool,
    /// Latest business day whose audit has ended; backfills of older days do not change it.
    audited_through: Date,
    /// Time at which that audit ended.
    audited_at: Option<DateTime>,
    /// Number of violations found by that audit.
    violations: i64,
    /// Number of its checks that could not be finished.
    unfinished: i64,
}

impl From<ReadBooks> for Books {
    fn from(books: ReadBooks) -> Self {
        let ReadBooks {
            latest,
            audited_through,
        } = books;
        Self {
            balanced: latest.violations == 0 && latest.unfinished == 0,
            audited_through: Date(audited_through),
            audited_at: latest.ended_at.map(DateTime),
            violations: latest.violations,
            unfinished: latest.unfinished,
        }
    }
}

/// An audit of the books by the job `audit_books`.
#[derive(SimpleObject)]
struct BookAudit {
    /// ID of the job run.
    run_id: ID,
    /// Business day that ended before the audit.
    business_day: Date,
    /// Time at which the first check ended.
    began_at: DateTime,
    /// Time at which the last check ended; null while the audit is running, or if it was aborted.
    ended_at: Option<DateTime>,
    /// Number of finished checks.
    checks: i64,
    /// Number of checks that could not be finished.
    unfinished: i64,
    /// Total number of violations; the books balance if this and `unfinished` are 0.
    violations: i64,
    /// Checks that found violations or could not be finished, in the order they ran.
    findings: Vec<AuditFinding>,
}

/// A check that found violations or could not be finished.
#[derive(SimpleObject)]
struct AuditFinding {
    /// Problem that the check detects.
    check: String,
    /// Number of violations; null if the check could not be finished.
    violations: Option<i64>,
    /// First violations, at most 100, one per line.
    details: Vec<String>,
    /// Error that stopped the check.
    error: Option<String>,
}

impl From<(Audit, Vec<Finding>)> for BookAudit {
    fn from((audit, findings): (Audit, Vec<Finding>)) -> Self {
        Self {
            run_id: ID(audit.run_id.to_string()),
            business_day: Date(audit.business_day),
            began_at: DateTime(audit.began_at),
            ended_at: audit.ended_at.map(DateTime),
            checks: audit.checks,
            unfinished: audit.unfinished,
            violations: audit.violations,
            findings: findings.into_iter().map(AuditFinding::from).collect(),
        }
    }
}

impl From<Finding> for AuditFinding {
    fn from(finding: Finding) -> Self {
        Self {
            check: finding.check.check_name,
            violations: finding.check.violations,
            details: finding.check.details,
            error: finding.check.error,
        }
    }
}
