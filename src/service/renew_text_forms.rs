//! Recomputing stored search names, codes and words after a change of the text rule; part of `newbee migrate`.
//!
//! The rule is implemented in `domain::text`, so an SQL migration cannot do it. It runs once per version of the rule
//! and may be interrupted: recomputed forms are kept, and the version is stored at the end.

use crate::store::bounded::PgConnection;

use super::ServiceError;
use crate::domain::invitation::normalise_code;
use crate::domain::text::RULE_VERSION;
use crate::domain::user::search_name;
use crate::domain::word::normalise_word;
use crate::store::text_forms::{self, StoredForm};

/// Maximum number of rows per transaction.
const BATCH: i64 = 1_000;

/// Counts of recomputed forms, and the conflicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenewedForms {
    pub names: usize,
    pub codes: usize,
    pub words: usize,
    /// Rows left unchanged because of a conflict: two codes, or the words of two open campaigns, that are equal by the
    /// new rule. The older row has the form; the newer one can be found only by its old form.
    pub conflicts: Vec<String>,
}

/// Recomputes the stored forms if they follow an older version of the text rule than this program.
///
/// # Errors
/// If the database fails.
pub async fn renew_text_forms(connection: &mut PgConnection) -> Result<RenewedForms, ServiceError> {
    let mut renewed = RenewedForms::default();
    if version(connection).await? >= RULE_VERSION {
        return Ok(renewed);
    }
    renew_names(connection, &mut renewed).await?;
    renew_codes(connection, &mut renewed).await?;
    renew_words(connection, &mut renewed).await?;
    let mut transaction = connection.begin().await?;
    if text_forms::lock_rule_version(&mut transaction).await? < RULE_VERSION {
        text_forms::set_rule_version(&mut transaction, RULE_VERSION).await?;
    }
    transaction.commit().await?;
    Ok(renewed)
}

/// Returns the version of the text rule that the stored forms follow.
///
/// # Errors
/// If the database fails.
pub async fn stored_rule(connection: &mut PgConnection) -> sqlx::Result<i32> {
    text_forms::rule_version(connection).await
}

async fn version(connection: &mut PgConnection) -> Result<i32, ServiceError> {
    let mut transaction = connection.begin().await?;
    let version = text_forms::lock_rule_version(&mut transaction).await?;
    transaction.commit().await?;
    Ok(version)
}

async fn renew_names(connection: &mut PgConnection, renewed: &mut RenewedForms) -> Result<(), ServiceError> {
    let mut after = 0;
    loop {
        let rows = text_forms::names(connection, after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let outdated: Vec<(&StoredForm, Option<String>)> = rows
            .iter()
            .map(|row| (row, search_name(&row.text)))
            .filter(|(row, form)| row.form != *form)
            .collect();
        let ids: Vec<i64> = outdated.iter().map(|(row, _)| row.id).collect();
        let names: Vec<&str> = outdated.iter().map(|(row, _)| row.text.as_str()).collect();
        let forms: Vec<Option<String>> = outdated.iter().map(|(_, form)| form.clone()).collect();
        text_forms::set_search_names(connection, &ids, &names, &forms).await?;
        renewed.names += ids.len();
    }
}

async fn renew_codes(connection: &mut PgConnection, renewed: &mut RenewedForms) -> Result<(), ServiceError> {
    let mut after = 0;
    loop {
        let rows = text_forms::codes(connection, after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let mut transaction = connection.begin().await?;
        for (row, form) in outdated(&rows, normalise_code) {
            if text_forms::set_normalised_code(&mut transaction, row.id, &form).await? {
                renewed.codes += 1;
            } else {
                renewed.conflicts.push(format!("invitation code of user {}", row.id));
            }
        }
        transaction.commit().await?;
    }
}

async fn renew_words(connection: &mut PgConnection, renewed: &mut RenewedForms) -> Result<(), ServiceError> {
    let mut after = 0;
    loop {
        let rows = text_forms::open_words(connection, after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let mut transaction = connection.begin().await?;
        for (row, form) in outdated(&rows, normalise_word) {
            if text_forms::set_normalised_word(&mut transaction, row.id, &form).await? {
                renewed.words += 1;
            } else {
                renewed.conflicts.push(format!("word of campaign {}", row.id));
            }
        }
        transaction.commit().await?;
    }
}

/// Returns the rows whose form differs under the current rule. A row without any form, because nothing is visible, is
/// left unchanged.
fn outdated(rows: &[StoredForm], normalise: fn(&str) -> Option<String>) -> impl Iterator<Item = (&StoredForm, String)> {
    rows.iter()
        .filter_map(move |row| Some((row, normalise(&row.text)?)))
        .filter(|(row, form)| row.form.as_ref() != Some(form))
}
