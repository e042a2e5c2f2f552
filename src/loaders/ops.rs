//! What ops look at: single statements for single people, so nothing here is batched.

use crate::store::bounded::PgPool;
use chrono::NaiveDate;

use super::ReadError;
use super::business_days;
pub use super::business_days::{BusinessDayRecord, DayTotal, Posted};
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::correction::AwardSelection;
use crate::domain::id::{AwardId, UserId};
use crate::domain::invitation::normalise_code;
use crate::domain::reservation::ReservationCampaign;
use crate::domain::rule::Rule;
use crate::domain::user::search_name;
pub use crate::store::audit_log::{AuditFilter, AuditRecord};
pub use crate::store::award_records::AwardRecord;
pub use crate::store::award_timeline::TimelineEntry;
pub use crate::store::book_audits::{AuditFinding, BookAudit};
use crate::store::job_runs::listing;
pub use crate::store::job_runs::listing::{RunFilter, RunMark, RunRow};
pub use crate::store::processes::ProcessRow;
use crate::store::reservations::campaigns;
pub use crate::store::user_records::{
    CounterRecord, LedgerRecord, PlaceRecord, SessionRecord, TriesRecord, UserRecord,
};
use crate::store::{audit_log, award_records, award_timeline, book_audits, processes, rules, settlement, user_records};

/// The state of the books.
#[derive(Clone, Debug)]
pub struct Books {
    /// The audit that ended last, whatever its business day.
    pub latest: BookAudit,
    /// The newest business day of which an audit has ended.
    pub audited_through: NaiveDate,
}

/// Asks the database for ops.
#[derive(Clone, Debug)]
pub struct OpsReads(pub PgPool);

impl OpsReads {
    /// Rules, of one item or of all: the version in force, or all of them, the newest first.
    pub async fn rules(&self, item: Option<&str>, with_history: bool) -> Result<Vec<Rule>, ReadError> {
        if item.is_some_and(is_unknown) {
            return Ok(Vec::new());
        }
        Ok(rules::list(&self.0, item, with_history).await?)
    }

    /// Runs of jobs that fit, the newest first.
    pub async fn job_runs(&self, filter: &RunFilter<'_>, limit: i64) -> Result<Vec<RunRow>, ReadError> {
        Ok(listing::list(&self.0, filter, limit).await?)
    }

    pub async fn job_run(&self, run_id: i64) -> Result<Option<RunRow>, ReadError> {
        Ok(listing::run(&self.0, run_id).await?)
    }

    /// Returns the processes of the last day, the longest running first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn processes(&self, limit: i64) -> Result<Vec<ProcessRow>, ReadError> {
        Ok(processes::list(&self.0, limit).await?)
    }

    /// The business days that lead up to a moment, its own first.
    pub async fn business_days(
        &self,
        calendar: Calendar,
        now: BusinessTime,
        length: usize,
    ) -> Result<Vec<BusinessDayRecord>, ReadError> {
        business_days::newest(&self.0, calendar, now, length).await
    }

    /// Audits of the books, the newest first, each with the checks that found something or could not be finished.
    pub async fn book_audits(&self, limit: i64) -> Result<Vec<(BookAudit, Vec<AuditFinding>)>, ReadError> {
        let audits = book_audits::newest(&self.0, limit).await?;
        let runs: Vec<i64> = audits.iter().map(|audit| audit.run_id).collect();
        let findings = book_audits::findings_of(&self.0, &runs).await?;
        let with_theirs = audits.into_iter().map(|audit| {
            let theirs = findings.iter().filter(|finding| finding.run_id == audit.run_id);
            let theirs = theirs.cloned().collect();
            (audit, theirs)
        });
        Ok(with_theirs.collect())
    }

    pub async fn award(&self, id: AwardId) -> Result<Option<AwardRecord>, ReadError> {
        Ok(award_records::find(&self.0, id).await?)
    }

    /// The awards that fit, the newest first, below an id where one is given.
    pub async fn awards(
        &self,
        selection: &AwardSelection,
        below: Option<AwardId>,
        limit: i64,
    ) -> Result<Vec<AwardRecord>, ReadError> {
        if selection.item.as_deref().is_some_and(is_unknown) {
            return Ok(Vec::new());
        }
        Ok(award_records::list(&self.0, selection, below, limit).await?)
    }

    /// The awards that settlement could not pay, the oldest first.
    pub async fn parked_awards(&self, limit: i64) -> Result<Vec<AwardRecord>, ReadError> {
        Ok(award_records::parked(&self.0, limit).await?)
    }

    /// How many awards are parked; counted up to 10,000.
    ///
    /// # Errors
    /// The database's.
    pub async fn parked_award_count(&self) -> Result<i64, ReadError> {
        Ok(settlement::parked_summary(&self.0).await?.count)
    }

    /// The state of the books by their audits; `None` before the first audit has ended.
    ///
    /// # Errors
    /// The database's.
    pub async fn books(&self) -> Result<Option<Books>, ReadError> {
        let latest = book_audits::latest_finished(&self.0).await?;
        let newest_day = book_audits::newest_audited_day(&self.0).await?;
        Ok(latest.zip(newest_day).map(|(latest, audited_through)| Books {
            latest,
            audited_through,
        }))
    }

    pub async fn timeline(&self, user: UserId, award: AwardId) -> Result<Vec<TimelineEntry>, ReadError> {
        Ok(award_timeline::of_award(&self.0, user, award).await?)
    }

    pub async fn user(&self, user: UserId) -> Result<Option<UserRecord>, ReadError> {
        Ok(user_records::find(&self.0, user).await?)
    }

    /// Users by id, invitation code, or the beginning of their name in any case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_users(&self, text: &str, limit: i64) -> Result<Vec<UserRecord>, ReadError> {
        let Some(name) = search_name(text).filter(|name| !is_unknown(name)) else {
            return Ok(Vec::new());
        };
        let (id, code) = (name.parse().ok(), normalise_code(text));
        Ok(user_records::search(&self.0, id, code.as_deref(), &name, limit).await?)
    }

    /// Reservation campaigns, the newest first.
    pub async fn reservation_campaigns(&self, limit: i64) -> Result<Vec<ReservationCampaign>, ReadError> {
        Ok(campaigns::list(&self.0, limit).await?)
    }

    pub async fn sessions(&self, user: UserId, limit: i64) -> Result<Vec<SessionRecord>, ReadError> {
        Ok(user_records::sessions(&self.0, user, limit).await?)
    }

    pub async fn ledger(&self, user: UserId, limit: i64) -> Result<Vec<LedgerRecord>, ReadError> {
        Ok(user_records::ledger(&self.0, user, limit).await?)
    }

    pub async fn counters(&self, user: UserId, limit: i64) -> Result<Vec<CounterRecord>, ReadError> {
        Ok(user_records::counters(&self.0, user, limit).await?)
    }

    pub async fn places(&self, user: UserId, limit: i64) -> Result<Vec<PlaceRecord>, ReadError> {
        Ok(user_records::places(&self.0, user, limit).await?)
    }

    pub async fn tries(&self, user: UserId) -> Result<Vec<TriesRecord>, ReadError> {
        Ok(user_records::tries(&self.0, user).await?)
    }

    /// Rows of the audit log, the newest first, below an id where one is given.
    pub async fn audit_log(
        &self,
        filter: &AuditFilter,
        below: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditRecord>, ReadError> {
        let AuditFilter {
            subject, actor, action, ..
        } = filter;
        if [subject, actor, action]
            .into_iter()
            .flatten()
            .any(|text| is_unknown(text))
        {
            return Ok(Vec::new());
        }
        Ok(audit_log::list(&self.0, filter, below, limit).await?)
    }
}

/// Whether nothing can be kept under a text: Postgres takes no NUL, and nothing of ours is so long.
fn is_unknown(text: &str) -> bool {
    text.contains('\0') || text.len() > 1_000
}
