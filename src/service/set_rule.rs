//! Changing a rule: a new version of it, with who, when and why. What was paid by an older one stays as it is.

use crate::store::bounded::PgPool;
use serde_json::{Value, json};

use super::ServiceError;
use crate::domain::audit::{Author, Change};
use crate::domain::award::AwardType;
use crate::domain::correction::is_valid_reason;
use crate::domain::money::wire_amount;
use crate::domain::rule::{Rule, RuleProblem, RuleTerms};
use crate::store::transaction::retrying;
use crate::store::{audit_log, rules};

/// A change of a rule as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleChange {
    pub item: String,
    /// Of a new item; of an old one it must be what it is.
    pub award_type: AwardType,
    pub terms: RuleTerms,
    /// The version that the caller has seen, 0 for a new item: a change that crosses another one is refused.
    pub expected_version: Option<i32>,
    pub reason: String,
}

/// Why a rule was not changed; nothing was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleRejection {
    Problems(Vec<RuleProblem>),
    ReasonInvalid,
    /// An item keeps its type for ever: awards of the past have it.
    TypeDiffers(AwardType),
    /// Somebody else changed the rule meanwhile; what it is now.
    VersionDiffers(i32),
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleOutcome {
    Changed(Rule),
    /// The version in force says the same.
    Unchanged(Rule),
}

/// Adds a version to a rule, or a new item to the catalogue. The same terms again change nothing.
pub async fn set_rule(
    pool: &PgPool,
    change: &RuleChange,
    author: &Author,
) -> Result<Result<RuleOutcome, RuleRejection>, ServiceError> {
    let problems = change.terms.problems(&change.item, change.award_type);
    if !problems.is_empty() {
        return Ok(Err(RuleRejection::Problems(problems)));
    }
    if !is_valid_reason(&change.reason) {
        return Ok(Err(RuleRejection::ReasonInvalid));
    }
    retrying!(set_in_transaction(pool, change, author))
}

async fn set_in_transaction(
    pool: &PgPool,
    change: &RuleChange,
    author: &Author,
) -> Result<Result<RuleOutcome, RuleRejection>, ServiceError> {
    let mut transaction = pool.begin().await?;
    let award_type = rules::lock_item(&mut transaction, &change.item, change.award_type).await?;
    if award_type != change.award_type {
        return Ok(Err(RuleRejection::TypeDiffers(award_type)));
    }
    let last = rules::current_rule(&mut *transaction, &change.item).await?;
    let version = last.as_ref().map_or(0, |rule| rule.version);
    if change.expected_version.is_some_and(|expected| expected != version) {
        return Ok(Err(RuleRejection::VersionDiffers(version)));
    }
    if let Some(last) = &last
        && last.terms == change.terms
    {
        return Ok(Ok(RuleOutcome::Unchanged(last.clone())));
    }
    let rule = Rule {
        item: change.item.clone(),
        award_type,
        version: version + 1,
        terms: change.terms.clone(),
        changed_by: author.name.clone(),
        reason: change.reason.trim().to_owned(),
        // Versions follow each other in time, whatever the clocks of two processes say.
        created_at: last.as_ref().map_or(author.at, |last| author.at.max(last.created_at)),
    };
    rules::insert_version(&mut transaction, &rule).await?;
    let told = Change {
        action: "set_rule",
        subject: format!("rule:{}", rule.item),
        user_id: None,
        reason: Some(rule.reason.clone()),
        before: last.as_ref().map(tell),
        after: Some(tell(&rule)),
    };
    audit_log::record(&mut transaction, author, &[told]).await?;
    transaction.commit().await?;
    Ok(Ok(RuleOutcome::Changed(rule)))
}

/// A rule as the audit log keeps it.
fn tell(rule: &Rule) -> Value {
    let terms = &rule.terms;
    json!({
        "version": rule.version,
        "amount": wire_amount(terms.amount.least()),
        "maxAmount": terms.amount.most().map(wire_amount),
        "coinId": terms.coin_id,
        "dailyLimit": terms.daily_limit,
        "targetRule": terms.target_rule.name(),
        "holdSeconds": terms.hold.num_seconds(),
        "opensAt": terms.opens_at,
        "closesAt": terms.closes_at,
        "enabled": terms.enabled,
        "streakLength": terms.streak.map(|streak| streak.length),
        "streakRepeats": terms.streak.map(|streak| streak.repeats),
    })
}
