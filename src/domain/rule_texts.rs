//! Texts of an item that customers see: title and description in each language, and a link to the place of the task.
//!
//! They are no terms of the rule: no award depends on them, so a change of a text is no version of the rule.

use serde::{Deserialize, Serialize};

use super::language::Language;
use super::rejection::rejections;
use super::text::{display_form, is_blank};

/// Maximum length of a title, in characters.
pub const MAX_TITLE_LENGTH: usize = 80;
/// Maximum length of a description, in characters.
pub const MAX_DESCRIPTION_LENGTH: usize = 500;
/// Maximum length of a link, in characters.
pub const MAX_LINK_LENGTH: usize = 500;

/// Schemes that a link must not have: a browser executes them, opens local files with them, or sends requests without
/// encryption. Every other scheme opens an app.
pub const REFUSED_SCHEMES: [&str; 19] = [
    "about",
    "blob",
    "chrome",
    "content",
    "data",
    "file",
    "filesystem",
    "ftp",
    "http",
    "intent",
    "jar",
    "javascript",
    "livescript",
    "mocha",
    "resource",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Texts of an item. All are optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleTexts {
    pub title_en: Option<String>,
    pub title_zh: Option<String>,
    pub description_en: Option<String>,
    pub description_zh: Option<String>,
    pub link: Option<String>,
}

/// Change of the texts of an item. `None`: not given, unchanged. `Some(None)`: removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleTextsChange {
    pub title_en: Option<Option<String>>,
    pub title_zh: Option<Option<String>>,
    pub description_en: Option<Option<String>>,
    pub description_zh: Option<Option<String>>,
    pub link: Option<Option<String>>,
}

rejections! {
    /// Reason why the texts of a rule were not changed.
    pub enum TextsRejection {
        /// A title or a description is empty, too long, or has line breaks or other control characters.
        TextInvalid { field: &'static str, most: usize } => "TEXT_INVALID",
            format!("input.texts.{field} must be one line of 1 to {most} characters without control characters; null removes it."),
            format!("input.texts.{field} 须为单行文本，1 到 {most} 个字符，不能含控制字符；填 null 则删除。");
        /// The link is neither an https URL nor a deep link into an app.
        LinkInvalid => "LINK_INVALID",
            format!("input.texts.link must be an https URL or a deep link of your app, such as chatapp://groups: at most \
                     {MAX_LINK_LENGTH} ASCII characters, without user name, password, spaces or quotes; null removes it."),
            format!("input.texts.link 须为 https 地址或应用深层链接，例如 chatapp://groups：最多 {MAX_LINK_LENGTH} 个 ASCII 字符，不能含用户名、密码、空格和引号；填 null 则删除。");
    }
}

impl RuleTexts {
    /// Returns the title in a language, or in the other one if it has none.
    pub fn title(&self, language: Language) -> Option<&str> {
        in_language(language, self.title_en.as_deref(), self.title_zh.as_deref())
    }

    /// Returns the description in a language, or in the other one if it has none.
    pub fn description(&self, language: Language) -> Option<&str> {
        in_language(language, self.description_en.as_deref(), self.description_zh.as_deref())
    }

    /// Returns all problems of the texts, which must be in their display form; empty if they are valid.
    pub fn problems(&self) -> Vec<TextsRejection> {
        let texts = [
            ("titleEn", &self.title_en, MAX_TITLE_LENGTH),
            ("titleZh", &self.title_zh, MAX_TITLE_LENGTH),
            ("descriptionEn", &self.description_en, MAX_DESCRIPTION_LENGTH),
            ("descriptionZh", &self.description_zh, MAX_DESCRIPTION_LENGTH),
        ];
        let wrong = texts
            .into_iter()
            .filter(|(_, text, most)| text.as_deref().is_some_and(|text| !is_line(text, *most)));
        let is_link_wrong = self.link.as_deref().is_some_and(|link| !is_link(link));
        wrong
            .map(|(field, _, most)| TextsRejection::TextInvalid { field, most })
            .chain(is_link_wrong.then_some(TextsRejection::LinkInvalid))
            .collect()
    }
}

fn in_language<'t>(language: Language, english: Option<&'t str>, chinese: Option<&'t str>) -> Option<&'t str> {
    match language {
        Language::English => english.or(chinese),
        Language::Chinese => chinese.or(english),
    }
}

impl RuleTextsChange {
    /// Returns the change with its texts as they are stored, see [`display_form`].
    pub fn in_display_form(&self) -> Self {
        // Twice: without an invisible character between them, two characters may compose.
        let form = |text: &str| display_form(&display_form(text));
        let stored = |text: &Option<Option<String>>| text.as_ref().map(|text| text.as_deref().map(form));
        Self {
            title_en: stored(&self.title_en),
            title_zh: stored(&self.title_zh),
            description_en: stored(&self.description_en),
            description_zh: stored(&self.description_zh),
            link: self
                .link
                .as_ref()
                .map(|link| link.as_deref().map(|link| link.trim().to_owned())),
        }
    }

    /// Returns all problems of the texts, which must be in their display form; empty if they are valid.
    pub fn problems(&self) -> Vec<TextsRejection> {
        self.applied_to(&RuleTexts::default()).problems()
    }

    /// Returns the texts after the change.
    pub fn applied_to(&self, before: &RuleTexts) -> RuleTexts {
        let after =
            |change: &Option<Option<String>>, before: &Option<String>| change.as_ref().unwrap_or(before).clone();
        RuleTexts {
            title_en: after(&self.title_en, &before.title_en),
            title_zh: after(&self.title_zh, &before.title_zh),
            description_en: after(&self.description_en, &before.description_en),
            description_zh: after(&self.description_zh, &before.description_zh),
            link: after(&self.link, &before.link),
        }
    }
}

fn is_line(text: &str, most: usize) -> bool {
    let is_control = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    (1..=most).contains(&text.chars().take(most + 1).count())
        && !text.contains(is_control)
        && !is_blank(text)
        && display_form(text) == text
}

/// Returns true for an `https` URL, or for a deep link `scheme://…` into an app. Clients open it, so schemes that a browser
/// executes are rejected, and so are spaces, quotes, credentials and characters other than ASCII.
fn is_link(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_scheme = (2..=30).contains(&scheme.len())
        && scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+.-".contains(&byte));
    text.len() <= MAX_LINK_LENGTH
        && text.bytes().all(is_plain)
        && is_scheme
        && !REFUSED_SCHEMES.contains(&scheme)
        && !rest.is_empty()
        && !authority.contains('@')
        && (scheme != "https" || is_host(authority))
}

/// Returns true for a host name or an IPv4 address, with or without a port.
fn is_host(authority: &str) -> bool {
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let is_end = |character: char| character.is_ascii_alphanumeric();
    host.starts_with(is_end)
        && host.ends_with(is_end)
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        && (1..=5).contains(&port.len())
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(title: &str) -> RuleTextsChange {
        RuleTextsChange {
            title_en: Some(Some(title.to_owned())),
            ..RuleTextsChange::default()
        }
    }

    #[test]
    fn a_text_in_one_language_stands_for_the_other() {
        let texts = RuleTexts {
            title_en: Some("Join a group".into()),
            title_zh: Some("加入群组".into()),
            description_zh: Some("每天一次".into()),
            ..RuleTexts::default()
        };
        assert_eq!(texts.title(Language::Chinese), Some("加入群组"));
        assert_eq!(texts.title(Language::English), Some("Join a group"));
        assert_eq!(texts.description(Language::English), Some("每天一次"));
        assert_eq!(RuleTexts::default().title(Language::English), None);
    }

    #[test]
    fn a_change_keeps_what_is_not_given() {
        let before = change("Join").applied_to(&RuleTexts::default());
        let linked = RuleTextsChange {
            link: Some(Some("chatapp://groups".into())),
            ..RuleTextsChange::default()
        };
        let after = linked.applied_to(&before);
        assert_eq!(
            (after.title_en.as_deref(), after.link.as_deref()),
            (Some("Join"), Some("chatapp://groups"))
        );
        let removed = RuleTextsChange {
            title_en: Some(None),
            ..RuleTextsChange::default()
        };
        assert_eq!(removed.applied_to(&before), RuleTexts::default());
    }

    #[test]
    fn texts_are_lines_in_their_composed_form() {
        for (given, stored) in [
            (" Join a group ", "Join a group"),
            ("Cafe\u{301}", "Café"),
            ("Cafe\u{200b}\u{301}", "Café"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("<b>&amp;</b> \"quoted\" 👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "<b>&amp;</b> \"quoted\" 👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ] {
            let change = change(given).in_display_form();
            assert_eq!(change.title_en, Some(Some(stored.to_owned())));
            assert_eq!(change.problems(), []);
        }
        let too_long = "名".repeat(MAX_TITLE_LENGTH + 1);
        let huge = "e\u{301}".repeat(100_000);
        for bad in [
            "",
            " ",
            "\u{200b}\u{3164}",
            "a\nb",
            "a\tb",
            "a\0b",
            "a\u{2028}b",
            "a\u{85}b",
            &too_long,
            &huge,
        ] {
            let invalid = TextsRejection::TextInvalid {
                field: "titleEn",
                most: MAX_TITLE_LENGTH,
            };
            assert_eq!(change(bad).in_display_form().problems(), [invalid], "{bad:?}");
        }
    }

    #[test]
    fn links_lead_to_https_or_to_an_app() {
        for good in [
            "https://chat.example",
            "https://chat.example:8443/tasks?of=today#first",
            "https://xn--fsqu00a.example/%E4%BB%BB%E5%8A%A1",
            "https://192.0.2.1/@ann",
            "chatapp://groups/7?from=tasks",
            "com.example.chat:///invite",
        ] {
            assert!(is_link(good), "{good}");
        }
        for scheme in REFUSED_SCHEMES {
            assert!(!is_link(&format!("{scheme}://chat.example/")), "{scheme}");
        }
        let long = format!("https://chat.example/{}", "a".repeat(MAX_LINK_LENGTH));
        for bad in [
            "",
            "chat.example/tasks",
            "//chat.example/tasks",
            "javascript:alert(1)",
            "JavaScript://chat.example/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "HTTPS://chat.example",
            "https:chat.example",
            "https://",
            "https:///tasks",
            "https://:443/",
            "https://chat.example:/",
            "https://chat.example:port/",
            "https://-chat.example/",
            "https://ann:secret@chat.example/",
            "https://chat.example\\@evil.example/",
            "https://chat.example/a b",
            "https://chat.example/\"onclick=alert(1)",
            "https://chat.example/\u{202e}gnp.exe",
            "https://例子.example/",
            "chatapp://",
            "chatapp://ann:secret@groups",
            "a://groups",
            "1app://groups",
            long.as_str(),
        ] {
            assert!(!is_link(bad), "{bad:?}");
        }
    }
}
