//! Texts of the demo's rules in both languages.

use anyhow::bail;
use chrono::{DateTime, Utc};

use crate::domain::audit::Author;
use crate::domain::rule_texts::{RuleTexts, RuleTextsChange};
use crate::service::set_rule::{RuleChange, set_rule};
use crate::store::bounded::PgPool;
use crate::store::rules;

/// Texts of an item.
struct Texts {
    item: &'static str,
    /// In English and in Chinese.
    title: [&'static str; 2],
    description: [&'static str; 2],
    link: Option<&'static str>,
}

const TEXTS: [Texts; 4] = [
    Texts {
        item: "set_fomo_id",
        title: ["Set your FOMO ID", "设置 FOMO ID"],
        description: ["Choose the ID by which friends find you.", "设置好友用来找到你的 ID。"],
        link: Some("chatapp://profile"),
    },
    Texts {
        item: "sign_in",
        title: ["Sign in every day", "每日签到"],
        description: [
            "Once a day. Days in a row make a streak.",
            "每天一次，连续的天数会累计。",
        ],
        link: None,
    },
    Texts {
        item: "join_group",
        title: ["Join a group", "加入群组"],
        description: ["Each group counts once a day.", "每个群组每天计一次。"],
        link: Some("chatapp://groups"),
    },
    Texts {
        item: "invite_friend",
        title: ["Invite a friend", "邀请好友"],
        description: [
            "You are paid when a friend binds your invitation code.",
            "好友绑定你的邀请码后，你将获得奖励。",
        ],
        link: Some("chatapp://invite"),
    },
];

/// Sets the texts of the demo's rules unless they have texts, which is the case after the first start.
pub(super) async fn set_if_missing(pool: &PgPool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let author = Author {
        name: "demo".to_owned(),
        request_id: None,
        at: now,
    };
    for rule in rules::list(pool, None, false).await? {
        let known = TEXTS.iter().find(|texts| texts.item == rule.item);
        let Some(texts) = known.filter(|_| rule.texts == RuleTexts::default()) else {
            continue;
        };
        let [title_en, title_zh] = texts.title.map(|text| Some(Some(text.to_owned())));
        let [description_en, description_zh] = texts.description.map(|text| Some(Some(text.to_owned())));
        let change = RuleChange {
            item: rule.item,
            award_type: rule.award_type,
            terms: rule.terms,
            texts: RuleTextsChange {
                title_en,
                title_zh,
                description_en,
                description_zh,
                link: Some(texts.link.map(str::to_owned)),
            },
            expected_version: Some(rule.version),
            reason: "demo data".to_owned(),
        };
        if let Err(failure) = set_rule(pool, &change, &author).await {
            let problems = failure.rejection()?;
            bail!("the demo's texts of {} cannot be set: {problems:?}", change.item);
        }
    }
    Ok(())
}
