//! Texts of items: options of `newbee rule set`, and their names in its output.

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cli::values::{self, OrNone};

/// Texts of an item as returned by the admin API.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) struct Texts {
    title_en: Option<String>,
    title_zh: Option<String>,
    description_en: Option<String>,
    description_zh: Option<String>,
    link: Option<String>,
}

impl Texts {
    /// Returns the names and values of all texts, with the option names of `rule set`.
    fn named(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("title-en", self.title_en.as_deref()),
            ("title-zh", self.title_zh.as_deref()),
            ("description-en", self.description_en.as_deref()),
            ("description-zh", self.description_zh.as_deref()),
            ("link", self.link.as_deref()),
        ]
    }

    /// Returns the texts that exist, a line each.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.named().into_iter();
        lines
            .filter_map(|(name, text)| Some(format!("{name}: {}", text?)))
            .collect()
    }

    /// Returns the differences to the texts before a change; `None` for a new item.
    pub fn changes_since(&self, before: Option<&Self>) -> Vec<String> {
        let was = before.map_or([("", None); 5], Self::named);
        let both = was.into_iter().zip(self.named());
        let changed = both.filter(|((_, was), (_, is))| was != is);
        changed
            .map(|((_, was), (name, is))| format!("{name} {} → {}", was.unwrap_or("none"), is.unwrap_or("none")))
            .collect()
    }
}

#[derive(Args, Debug)]
pub(super) struct TextArgs {
    /// Title in English that customers see, or none
    #[arg(long, value_name = "TEXT|none", value_parser = values::or_none(values::text))]
    title_en: Option<OrNone<String>>,
    /// Title in Chinese that customers see, or none
    #[arg(long, value_name = "TEXT|none", value_parser = values::or_none(values::text))]
    title_zh: Option<OrNone<String>>,
    /// Description in English that customers see, or none
    #[arg(long, value_name = "TEXT|none", value_parser = values::or_none(values::text))]
    description_en: Option<OrNone<String>>,
    /// Description in Chinese that customers see, or none
    #[arg(long, value_name = "TEXT|none", value_parser = values::or_none(values::text))]
    description_zh: Option<OrNone<String>>,
    /// Place of the task: an https URL, or a deep link into your app such as chatapp://groups, or none
    #[arg(long, value_name = "URL|none", value_parser = values::or_none(values::text))]
    link: Option<OrNone<String>>,
}

impl TextArgs {
    /// Returns the input of the API with the given texts, null for a removed one. Null if no text is given.
    pub fn input(&self) -> Value {
        let given = [
            ("titleEn", &self.title_en),
            ("titleZh", &self.title_zh),
            ("descriptionEn", &self.description_en),
            ("descriptionZh", &self.description_zh),
            ("link", &self.link),
        ];
        let given: Map<_, _> = given
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?.0))))
            .collect();
        match given.is_empty() {
            true => Value::Null,
            false => Value::Object(given),
        }
    }
}
