//! Unbatched reads for operators.

use crate::store::replicas::ReadPool;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::ServiceError;
use super::business_days;
pub use super::business_days::{BusinessDayRecord, DayTotal, Posted};
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::correction::AwardSelection;
use crate::domain::grant::GrantSum;
use crate::domain::id::{AwardId, UserId};
use crate::domain::invitation::normalise_code;
use crate::domain::reservation::{ReservationCampaign, normalise_key};
use crate::domain::rule::Rule;
use crate::domain::user::search_name;
pub use crate::store::audit_log::{AuditFilter, AuditRecord};
pub use crate::store::award_records::AwardRecord;
pub use crate::store::award_timeline::TimelineEntry;
pub use crate::store::book_audits::{AuditFinding, BookAudit};
pub use crate::store::bridges::BridgedDay;
pub use crate::store::budgets::BudgetRecord;
pub use crate::store::grants::{GrantLineRecord, GrantRecord};
use crate::store::job_runs::listing;
pub use crate::store::job_runs::listing::{RunFilter, RunMark, RunRow};
pub use crate::store::ops_lists::{InviteeRecord, ReservedPlaceRecord, WordClaimRecord};
pub use crate::store::processes::ProcessRow;
use crate::store::reservations::campaigns;
pub use crate::store::user_records::{
    CounterRecord, LedgerRecord, PlaceRecord, SessionRecord, TriesRecord, UserRecord,
};
use crate::store::{
    audit_log, award_records, award_timeline, book_audits, bridges, budgets, grants, ops_lists, processes, rules,
    settlement, user_export, user_records,
};

/// State of the books, according to their audits.
#[derive(Clone, Debug)]
pub struct Books {
    /// The audit that ended last, of any business day.
    pub latest: BookAudit,
    /// The latest business day with a finished audit.
    pub audited_through: NaiveDate,
}

/// Reads for operators.
#[derive(Clone, Debug)]
pub struct OpsReads(pub ReadPool);

impl OpsReads {
    /// Returns the versions in force of one rule or of all rules; with `with_history`, all versions, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn rules(&self, item: Option<&str>, with_history: bool) -> Result<Vec<Rule>, ServiceError> {
        if item.is_some_and(is_unknown) {
            return Ok(Vec::new());
        }
        Ok(rules::list(&self.0, item, with_history).await?)
    }

    /// Returns all bridged days, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn bridged_days(&self) -> Result<Vec<BridgedDay>, ServiceError> {
        Ok(bridges::list(&self.0).await?)
    }

    /// Returns the users who bound a user's code, in the order of their bindings, after one of them, with their progress
    /// as of a business day.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn invitees(
        &self,
        inviter: UserId,
        after: Option<UserId>,
        limit: i64,
        today: NaiveDate,
    ) -> Result<Vec<InviteeRecord>, ServiceError> {
        Ok(ops_lists::invitees(&self.0, inviter, after, limit, today).await?)
    }

    /// Returns the active places of a reservation campaign by user, after a user; empty if the key is unknown.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn reserved_places(
        &self,
        key: &str,
        after: UserId,
        limit: i64,
    ) -> Result<Vec<ReservedPlaceRecord>, ServiceError> {
        match normalise_key(key) {
            Some(key) => Ok(ops_lists::reserved_places(&self.0, &key, after, limit).await?),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the claims of a word campaign in their order, after a number.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn word_claims(
        &self,
        campaign: i64,
        after: i32,
        limit: i64,
    ) -> Result<Vec<WordClaimRecord>, ServiceError> {
        Ok(ops_lists::word_claims(&self.0, campaign, after, limit).await?)
    }

    /// Returns the budgets of the rules in force, by item.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn budgets(&self, today: NaiveDate) -> Result<Vec<BudgetRecord>, ServiceError> {
        Ok(budgets::list(&self.0, today).await?)
    }

    /// Returns grants, newest first; with `waiting_at`, those that wait for an approval at that instant.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn grants(
        &self,
        waiting_at: Option<DateTime<Utc>>,
        below: Option<i64>,
        limit: i64,
    ) -> Result<Vec<GrantRecord>, ServiceError> {
        Ok(grants::list(&self.0, waiting_at, below, limit).await?)
    }

    /// Returns a grant by ID; `None` if it does not exist.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn grant(&self, id: i64) -> Result<Option<GrantRecord>, ServiceError> {
        Ok(grants::find(&self.0, id).await?)
    }

    /// Returns the sums of a grant by coin.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn grant_sums(&self, id: i64) -> Result<Vec<GrantSum>, ServiceError> {
        Ok(grants::sums(&self.0, id).await?)
    }

    /// Returns lines of a grant in the order of the request, after a line.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn grant_lines(&self, id: i64, after: i32, limit: i64) -> Result<Vec<GrantLineRecord>, ServiceError> {
        Ok(grants::lines(&self.0, id, after, limit).await?)
    }

    /// Returns the job runs that match a filter, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn job_runs(&self, filter: &RunFilter<'_>, limit: i64) -> Result<Vec<RunRow>, ServiceError> {
        Ok(listing::list(&self.0, filter, limit).await?)
    }

    /// Returns a job run by ID; `None` if it does not exist.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn job_run(&self, run_id: i64) -> Result<Option<RunRow>, ServiceError> {
        Ok(listing::run(&self.0, run_id).await?)
    }

    /// Returns the processes of the last 24 hours, the longest running first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn processes(&self, limit: i64) -> Result<Vec<ProcessRow>, ServiceError> {
        Ok(processes::list(&self.0, limit).await?)
    }

    /// Returns the business days up to a given time, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn business_days(
        &self,
        calendar: Calendar,
        now: BusinessTime,
        length: usize,
    ) -> Result<Vec<BusinessDayRecord>, ServiceError> {
        business_days::newest(&self.0, calendar, now, length).await
    }

    /// Returns audits of the books, newest first, each with the checks that found violations or could not be finished.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn book_audits(&self, limit: i64) -> Result<Vec<(BookAudit, Vec<AuditFinding>)>, ServiceError> {
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

    /// Returns an award by ID; `None` if it does not exist.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn award(&self, id: AwardId) -> Result<Option<AwardRecord>, ServiceError> {
        Ok(award_records::find(&self.0, id).await?)
    }

    /// Returns the awards that match a filter, newest first, below an ID if one is given.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn awards(
        &self,
        selection: &AwardSelection,
        below: Option<AwardId>,
        limit: i64,
    ) -> Result<Vec<AwardRecord>, ServiceError> {
        if selection.item.as_deref().is_some_and(is_unknown) {
            return Ok(Vec::new());
        }
        Ok(award_records::list(&self.0, selection, below, limit).await?)
    }

    /// Returns the awards that settlement could not pay, oldest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn parked_awards(&self, limit: i64) -> Result<Vec<AwardRecord>, ServiceError> {
        Ok(award_records::parked(&self.0, limit).await?)
    }

    /// Returns the number of parked awards, counted up to 10,000.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn parked_award_count(&self) -> Result<i64, ServiceError> {
        Ok(settlement::parked_summary(&self.0).await?.count)
    }

    /// Returns the state of the books by their audits; `None` before the first audit has ended.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn books(&self) -> Result<Option<Books>, ServiceError> {
        let latest = book_audits::latest_finished(&self.0).await?;
        let newest_day = book_audits::newest_audited_day(&self.0).await?;
        Ok(latest.zip(newest_day).map(|(latest, audited_through)| Books {
            latest,
            audited_through,
        }))
    }

    /// Returns the events of a user's award, in chronological order.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn timeline(&self, user: UserId, award: AwardId) -> Result<Vec<TimelineEntry>, ServiceError> {
        Ok(award_timeline::of_award(&self.0, user, award).await?)
    }

    /// Returns a user by ID; `None` if it does not exist.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn user(&self, user: UserId) -> Result<Option<UserRecord>, ServiceError> {
        Ok(user_records::find(&self.0, user).await?)
    }

    /// Returns everything that is stored about a user as JSON; `None` if the user does not exist.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn user_export(&self, user: UserId) -> Result<Option<Value>, ServiceError> {
        Ok(user_export::export(&self.0, user).await?)
    }

    /// Returns users by ID, invitation code, or case-insensitive prefix of their name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn search_users(&self, text: &str, limit: i64) -> Result<Vec<UserRecord>, ServiceError> {
        let Some(name) = search_name(text).filter(|name| !is_unknown(name)) else {
            return Ok(Vec::new());
        };
        let (id, code) = (name.parse().ok(), normalise_code(text));
        Ok(user_records::search(&self.0, id, code.as_deref(), &name, limit).await?)
    }

    /// Returns reservation campaigns, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn reservation_campaigns(&self, limit: i64) -> Result<Vec<ReservationCampaign>, ServiceError> {
        Ok(campaigns::list(&self.0, limit).await?)
    }

    /// Returns a user's sessions, at most `limit`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sessions(&self, user: UserId, limit: i64) -> Result<Vec<SessionRecord>, ServiceError> {
        Ok(user_records::sessions(&self.0, user, limit).await?)
    }

    /// Returns a user's ledger entries, at most `limit`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn ledger(&self, user: UserId, limit: i64) -> Result<Vec<LedgerRecord>, ServiceError> {
        Ok(user_records::ledger(&self.0, user, limit).await?)
    }

    /// Returns a user's daily counters, at most `limit`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn counters(&self, user: UserId, limit: i64) -> Result<Vec<CounterRecord>, ServiceError> {
        Ok(user_records::counters(&self.0, user, limit).await?)
    }

    /// Returns a user's places in reservation campaigns, at most `limit`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn places(&self, user: UserId, limit: i64) -> Result<Vec<PlaceRecord>, ServiceError> {
        Ok(user_records::places(&self.0, user, limit).await?)
    }

    /// Returns a user's recorded tries.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn tries(&self, user: UserId) -> Result<Vec<TriesRecord>, ServiceError> {
        Ok(user_records::tries(&self.0, user).await?)
    }

    /// Returns rows of the audit log, newest first, below an ID if one is given.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn audit_log(
        &self,
        filter: &AuditFilter,
        below: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditRecord>, ServiceError> {
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

/// Returns true if no stored text can equal this one: Postgres rejects NUL, and all stored texts are shorter.
fn is_unknown(text: &str) -> bool {
    text.contains('\0') || text.len() > 1_000
}
