//! Texts of the rule catalogue.

use crate::domain::rule_texts::RuleTexts;
use crate::store::bounded::PgConnection;

/// Sets all texts of an item, which must be locked ([`super::rules::lock_item`]).
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set(connection: &mut PgConnection, item: &str, texts: &RuleTexts) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into rule_texts (item, title_en, title_zh, description_en, description_zh, link) values ($1, $2, $3, $4, $5, $6)
         on conflict (item) do update
             set title_en = excluded.title_en, title_zh = excluded.title_zh, description_en = excluded.description_en,
                 description_zh = excluded.description_zh, link = excluded.link",
        item,
        texts.title_en,
        texts.title_zh,
        texts.description_en,
        texts.description_zh,
        texts.link
    )
    .execute(connection)
    .await
    .map(|_| ())
}
