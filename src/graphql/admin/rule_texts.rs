//! Texts of rules, which customers see.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};

use crate::domain::rule_texts as domain;

/// Texts of an item, which customers see with its task, bonus or offer. A customer without a text in their language sees
/// the one in the other language.
#[derive(SimpleObject)]
pub(super) struct RuleTexts {
    /// Title in English; null if there is none.
    title_en: Option<String>,
    /// Title in Chinese; null if there is none.
    title_zh: Option<String>,
    /// Description in English; null if there is none.
    description_en: Option<String>,
    /// Description in Chinese; null if there is none.
    description_zh: Option<String>,
    /// Place of the task, an https URL or a deep link into an app; null if there is none.
    link: Option<String>,
}

impl From<domain::RuleTexts> for RuleTexts {
    fn from(texts: domain::RuleTexts) -> Self {
        Self {
            title_en: texts.title_en,
            title_zh: texts.title_zh,
            description_en: texts.description_en,
            description_zh: texts.description_zh,
            link: texts.link,
        }
    }
}

/// Texts of an item, which customers see. An omitted text is unchanged, null removes it. Each is one line of plain text
/// without control characters; it is stored in the composed form (NFC), without white space around it and without
/// characters that have no visible effect.
#[derive(InputObject)]
pub(super) struct RuleTextsInput {
    /// Title in English, 1–80 characters.
    title_en: MaybeUndefined<String>,
    /// Title in Chinese, 1–80 characters.
    title_zh: MaybeUndefined<String>,
    /// Description in English, 1–500 characters.
    description_en: MaybeUndefined<String>,
    /// Description in Chinese, 1–500 characters.
    description_zh: MaybeUndefined<String>,
    /// Place of the task: an https URL, or a deep link into an app, such as `chatapp://groups`. At most 500 ASCII
    /// characters, without user name and password. Schemes that a browser handles itself, such as `javascript` and `http`,
    /// are rejected.
    link: MaybeUndefined<String>,
}

impl From<RuleTextsInput> for domain::RuleTextsChange {
    fn from(input: RuleTextsInput) -> Self {
        Self {
            title_en: input.title_en.into(),
            title_zh: input.title_zh.into(),
            description_en: input.description_en.into(),
            description_zh: input.description_zh.into(),
            link: input.link.into(),
        }
    }
}
