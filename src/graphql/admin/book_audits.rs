//! What audits of the books found.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::awards::list_length;
use super::scope::AdminContext;
use crate::domain::api_key::Scope;
use crate::graphql::NullableField;
use crate::graphql::scalars::{Date, DateTime};
use crate::loaders::ops::{AuditFinding as Finding, BookAudit as Audit, Books as ReadBooks};

#[derive(Default)]
pub(super) struct BookQueries;

#[Object]
impl BookQueries {
    /// Whether the books balance, by the audit that ended last; null before the first. Needs OPS_READ.
    async fn books(&self, ctx: &Context<'_>) -> NullableField<Books> {
        let found = async {
            let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let books = scope.ops.books().await;
            books
                .map(|books| books.map(Books::from))
                .map_err(|error| scope.read_failed(&error))
        };
        found.await.transpose()
    }

    /// Audits of the books and what they found wrong, the newest business day first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn book_audits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<BookAudit>> {
        Some(book_audits(ctx, first).await)
    }
}

async fn book_audits(ctx: &Context<'_>, first: i32) -> Result<Vec<BookAudit>> {
    let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
    let audits = scope.ops.book_audits(list_length(first)?).await;
    audits
        .map(|audits| audits.into_iter().map(BookAudit::from).collect())
        .map_err(|error| scope.read_failed(&error))
}

/// The state of the books.
#[derive(SimpleObject)]
struct Books {
    /// Whether the audit that ended last finished all of its checks and found no violation.
    balanced: bool,
    /// The newest business day of which an audit has ended; a back-fill of older days does not move it back.
    audited_through: Date,
    /// When the audit that ended last was over.
    audited_at: Option<DateTime>,
    /// How many violations that audit found.
    violations: i64,
    /// How many of its checks could not be finished.
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
    /// The run that made it.
    run_id: ID,
    /// The day that ended before it.
    business_day: Date,
    /// When its first check was over.
    began_at: DateTime,
    /// When its last check was over; null while it goes on, and where it was broken off.
    ended_at: Option<DateTime>,
    /// How many checks were finished.
    checks: i64,
    /// How many checks could not be finished.
    unfinished: i64,
    /// How many violations all checks found together; with none and no unfinished check the books balance.
    violations: i64,
    /// The checks that found something or could not be finished, in their order.
    findings: Vec<AuditFinding>,
}

/// A check that found something, or could not be finished.
#[derive(SimpleObject)]
struct AuditFinding {
    /// What is wrong where the check does not hold.
    check: String,
    /// How many violations it found; null when it could not be finished.
    violations: Option<i64>,
    /// The first of them, at most 100, a line each.
    details: Vec<String>,
    /// Why it could not be finished.
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
