//! Changing a rule: other terms are a new version with author, time and reason. Awards of older versions are unchanged.
//! Texts of the item belong to no version: no award depends on them.

use crate::store::bounded::PgPool;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::Failure;
use super::correct_awards::Mode;
use crate::domain::audit::{Author, Change};
use crate::domain::award::AwardType;
use crate::domain::correction::is_valid_reason;
use crate::domain::money::wire_amount;
use crate::domain::qualification::{InviteRejection, InviteTerms};
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::replay::{REPLAYED_DAYS, ReplayedDay, replay};
use crate::domain::rule::{Rule, RuleRejection, RuleTerms};
use crate::domain::rule_texts::{RuleTexts, RuleTextsChange};
use crate::store::transaction::retrying;
use crate::store::{audit_log, budgets, replays, rule_texts, rules};

/// Request to change a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleChange {
    pub item: String,
    /// Type of a new item; for an existing item it must equal the current type.
    pub award_type: AwardType,
    pub terms: RuleTerms,
    pub texts: RuleTextsChange,
    /// Version that the caller has read, 0 for a new item: a concurrent change is rejected.
    pub expected_version: Option<i32>,
    pub reason: String,
}

/// Outcome of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleOutcome {
    /// The terms or the texts were changed.
    Changed(Rule),
    /// The version in force has the same terms, and the item the same texts.
    Unchanged(Rule),
}

/// Adds a version to a rule, or a new item to the catalogue, and changes the texts of the item. Idempotent: equal terms
/// add no version.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn set_rule(
    pool: &PgPool,
    change: &RuleChange,
    author: &Author,
) -> Result<RuleOutcome, Failure<Vec<RuleRejection>>> {
    let change = &checked(change)?;
    retrying!(set_in_transaction(pool, change, author, Mode::Commit))
}

/// Preview of a change: its outcome, and what it would have paid on past days.
#[derive(Clone, Debug, PartialEq)]
pub struct RulePreview {
    pub outcome: RuleOutcome,
    /// The last seven business days, oldest first.
    pub days: Vec<ReplayedDay>,
}

/// Makes all checks of [`set_rule`] and replays the last seven business days before `today` with the proposed terms.
/// Nothing is changed.
///
/// # Errors
/// Those of [`set_rule`].
pub async fn preview_rule(
    pool: &PgPool,
    change: &RuleChange,
    author: &Author,
    today: NaiveDate,
) -> Result<RulePreview, Failure<Vec<RuleRejection>>> {
    let change = &checked(change)?;
    let outcome = retrying!(set_in_transaction(pool, change, author, Mode::DryRun))?;
    let (first, last) = (today - Days::new(REPLAYED_DAYS), today - Days::new(1));
    let past = replays::past_days(pool, &change.item, &change.terms, first, last).await?;
    Ok(RulePreview {
        outcome,
        days: replay(&change.terms, past),
    })
}

/// Returns the change with its texts in the form in which they are stored.
fn checked(change: &RuleChange) -> Result<RuleChange, Vec<RuleRejection>> {
    let texts = change.texts.in_display_form();
    let mut problems = change.terms.problems(&change.item, change.award_type);
    problems.extend(texts.problems().into_iter().map(RuleRejection::from));
    if problems.is_empty() && !is_valid_reason(&change.reason) {
        return Err(vec![ChangeRejection::ReasonInvalid.into()]);
    }
    match problems.is_empty() {
        true => Ok(RuleChange {
            texts,
            ..change.clone()
        }),
        false => Err(problems),
    }
}

async fn set_in_transaction(
    pool: &PgPool,
    change: &RuleChange,
    author: &Author,
    mode: Mode,
) -> Result<RuleOutcome, Failure<Vec<RuleRejection>>> {
    let mut transaction = pool.begin().await?;
    let award_type = rules::lock_item(&mut transaction, &change.item, change.award_type).await?;
    if award_type != change.award_type {
        return Err(vec![RuleRejection::TypeDiffers {
            kind: format!("{award_type:?}").to_uppercase(),
        }]
        .into());
    }
    let deeds: Vec<&str> = change.terms.invite.deeds().collect();
    if let Some(item) = rules::first_unpayable(&mut *transaction, &deeds, author.at).await? {
        return Err(vec![RuleRejection::from(InviteRejection::NeverPaid { item })].into());
    }
    let last = rules::current_rule(&mut *transaction, &change.item).await?;
    let version = last.as_ref().map_or(0, |rule| rule.version);
    if change.expected_version.is_some_and(|expected| expected != version) {
        return Err(vec![RuleRejection::VersionDiffers { version }].into());
    }
    let texts_before = last.as_ref().map(|last| last.texts.clone()).unwrap_or_default();
    let texts = change.texts.applied_to(&texts_before);
    let reason = change.reason.trim().to_owned();
    let rule = match &last {
        Some(last) if last.terms == change.terms => Rule { texts, ..last.clone() },
        _ => Rule {
            item: change.item.clone(),
            award_type,
            version: version + 1,
            terms: change.terms.clone(),
            texts,
            changed_by: author.name.clone(),
            reason: reason.clone(),
            // The times of versions ascend, even if the clocks of two processes differ.
            created_at: last.as_ref().map_or(author.at, |last| author.at.max(last.created_at)),
        },
    };
    if last.as_ref() == Some(&rule) {
        return Ok(RuleOutcome::Unchanged(rule));
    }
    if rule.version > version {
        rules::insert_version(&mut transaction, &rule).await?;
        budgets::resize(&mut transaction, &rule, author.at).await?;
    }
    if rule.texts != texts_before {
        rule_texts::set(&mut transaction, &rule.item, &rule.texts).await?;
    }
    let entry = Change {
        action: "set_rule",
        subject: format!("rule:{}", rule.item),
        user_id: None,
        reason: Some(reason),
        before: last.as_ref().map(audit_value),
        after: Some(audit_value(&rule)),
    };
    audit_log::record(&mut transaction, author, &[entry]).await?;
    match mode {
        Mode::Commit => transaction.commit().await?,
        Mode::DryRun => transaction.rollback().await?,
    }
    Ok(RuleOutcome::Changed(rule))
}

/// Returns the audit log's representation of a rule.
fn audit_value(rule: &Rule) -> Value {
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
        "dayBudget": terms.budget.day.map(wire_amount),
        "totalBudget": terms.budget.total.map(wire_amount),
        "makeUpDays": terms.forgiveness.make_up_days,
        "makeUpsPerMonth": terms.forgiveness.make_ups_per_month,
        "freezeEvery": terms.forgiveness.freeze_every,
        "maxFreezes": terms.forgiveness.max_freezes,
        "invite": Some(&terms.invite).filter(|invite| **invite != InviteTerms::default()),
        "texts": Some(&rule.texts).filter(|texts| **texts != RuleTexts::default()),
    })
}
