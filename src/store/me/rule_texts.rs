//! Texts of rules, in the parts that read rules.

use sqlx::postgres::PgRow;

use super::Column;
use crate::domain::rule_texts::RuleTexts;

/// Join of the texts to the rules `r`.
macro_rules! with_texts {
    ($from:literal) => {
        concat!($from, " left join rule_texts t on t.item = r.item")
    };
}
pub(super) use with_texts;

/// Column of the texts, null if there are none.
pub(super) const TEXTS: (Column, &str) = (
    Column::Text3,
    "case when t.item is not null then
         jsonb_build_object('titleEn', t.title_en, 'titleZh', t.title_zh, 'descriptionEn', t.description_en,
             'descriptionZh', t.description_zh, 'link', t.link)::text end",
);

/// Returns the texts of a row.
///
/// # Errors
/// Returns an error if the column cannot be decoded.
pub(super) fn texts(row: &PgRow) -> sqlx::Result<RuleTexts> {
    match Column::Text3.of::<Option<&str>>(row)? {
        Some(texts) => serde_json::from_str(texts).map_err(|error| sqlx::Error::Decode(error.into())),
        None => Ok(RuleTexts::default()),
    }
}
