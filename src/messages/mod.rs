//! User-facing messages in both languages, other than rejections, which have their tables in `domain`.
//!
//! Errors that only client developers see, such as a malformed request, are in English only and are defined where they
//! are raised.

use std::borrow::Cow;

use crate::domain::language::Language;
use crate::domain::number::{counted, grouped};

/// Defines the table of messages. A row is `Name { fields } => English text, Chinese text;`, where a text is a string
/// or an expression over the fields.
macro_rules! messages {
    ($($name:ident $({ $($field:ident: $kind:ty),+ })? => $english:expr, $chinese:expr;)+) => {
        /// A user-facing message with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Message {
            $($name $({ $($field: $kind),+ })?,)+
        }

        impl Message {
            /// Returns the text of the message in a language.
            pub fn text(&self, language: Language) -> Cow<'static, str> {
                match (self, language) {
                    $(
                        (Self::$name $({ $($field),+ })?, Language::English) => $english.into(),
                        (Self::$name $({ $($field),+ })?, Language::Chinese) => $chinese.into(),
                    )+
                }
            }

            /// Returns each message once, with default parameters.
            #[cfg(test)]
            fn samples() -> Vec<Self> {
                vec![$(Self::$name $({ $($field: <$kind>::default()),+ })?),+]
            }
        }
    };
}

messages! {
    Unauthenticated =>
        "Send the header Authorization: Bearer <session key>.",
        "请发送请求头 Authorization: Bearer <会话密钥>。";
    Busy =>
        "The service is busy. Try again in a few seconds.",
        "服务繁忙，请几秒后再试。";
    InternalFault =>
        "Internal error. Please try again; if it persists, report the request ID.",
        "服务出现故障，暂时无法处理。请重试；如果仍然失败，请反馈请求编号。";
    ScopeNeeded { scope: String } =>
        format!("This requires an API key with the scope {scope}."),
        format!("这需要具有{scope}权限的 API 密钥。");
    ApiKeyNeeded =>
        "Send the header Authorization: Bearer <API key>. Create a key with newbee key create.",
        "请发送请求头 Authorization: Bearer <API 密钥>，密钥由 newbee key create 生成。";
    ApiKeyUnknown =>
        "The API key is unknown or revoked. Create a new one with newbee key create.",
        "API 密钥不存在或已被吊销，请用 newbee key create 重新生成。";
    SessionKeyUnknown =>
        "The session key is unknown, expired or revoked. Get a new one from the chat app, or omit the Authorization \
         header to continue as a visitor.",
        "会话密钥不存在、已过期或已被吊销。请从聊天应用重新获取后再发送，或者不带 Authorization 请求头以访客身份访问。";
    AuthorizationMalformed =>
        "The Authorization header must be \"Bearer <key>\" with a key of at most 55 characters. Correct it, or omit the \
         header to continue as a visitor where that is allowed.",
        "Authorization 请求头必须是 \"Bearer <密钥>\"，密钥不超过 55 个字符。请改正；允许访客的接口也可以不带这个请求头。";
    KeysNotChecked =>
        "Keys cannot be verified at the moment. Try again in a second.",
        "暂时无法校验密钥，请稍后再试。";
    TooMuchUnderWay =>
        "Too many requests are in progress. Try again in a second.",
        "当前请求过多，请稍后再试。";
    TookTooLong =>
        "The operation took too long and was cancelled. Request less at once, or try again later.",
        "操作耗时过长，已被放弃。请减少一次请求的内容，或稍后再试。";
    AskedTooOften { seconds: i64 } =>
        format!("Too many requests. Try again in {seconds} s and reduce the request rate."),
        format!("请求过于频繁，请在{seconds}秒后再试，并降低频率。");
    SessionEnded =>
        "Your session has ended. Sign in again.",
        "你的登录已失效，请重新登录。";
    TooManySubscriptions { most: i64 } =>
        format!("You have {most} live connections open. Close one of them first."),
        format!("你已经打开了{most}个实时连接，请先关闭一个。");
    DaysClosedAhead { count: i64, day: String } =>
        format!(
            "{} starting with {day}: closed before their end. Check the clock, then reopen them.",
            counted(*count, "business day")
        ),
        format!("自{day}起有 {count} 个业务日在结束之前就被关闭。请检查时钟，然后重新打开它们。");
    BooksDoNotBalance { violations: i64, checks: String } =>
        format!("The books do not balance: {} found by: {checks}.", counted(*violations, "violation")),
        format!("账目不平：{violations} 处违规，检查项：{checks}。");
    ChecksUnfinished { checks: String } =>
        format!("These checks of the books did not finish: {checks}."),
        format!("以下账目检查没有完成：{checks}。");
    AwardsParked { count: i64, error: String } =>
        format!(
            "{} {} parked: {}. Retry or void them.",
            counted(*count, "award"),
            if *count == 1 { "is" } else { "are" },
            error.trim_end_matches('.')
        ),
        format!("{count} 笔奖励被搁置：{error}。请重试或作废。");
    TotalsDiffer { day: String } =>
        format!("The totals of the closed day {day} differ from its awards."),
        format!("已关闭的业务日{day}的合计与其奖励不符。");
    LastRunFailed { error: String } =>
        format!("The last run failed: {}.", error.trim_end_matches('.')),
        format!("上次运行失败：{error}。");
    JobPausedWithBacklog { by: String, count: i64, unit: String } =>
        format!("Paused by {by} while {} {unit} wait.", grouped(*count)),
        format!("已被 {by} 暂停，{count} {}等待处理。", chinese_unit(unit));
    EndpointFailing { name: String, count: i64, error: String } =>
        format!("The endpoint {name} failed {count} times: {}.", error.trim_end_matches('.')),
        format!("端点 {name} 已失败 {count} 次：{error}。");
    EndpointDisabled { name: String, reason: String } =>
        format!("The endpoint {name} is disabled: {reason}. Enable it when it is back."),
        format!("端点 {name} 已停用：{reason}。恢复后请重新启用。");
    DeadLetters { name: String, count: i64 } =>
        format!("{} to the endpoint {name} could not be delivered. Redeliver from a position.", counted(*count, "request")),
        format!("发往端点 {name} 的 {count} 个请求未能送达。请从某个位置重新投递。");
}

/// Returns the Chinese noun for the unit of a job's backlog; units without one are shown as they are.
fn chinese_unit(unit: &str) -> &str {
    match unit {
        "awards" => "笔奖励",
        "days" => "个业务日",
        "places" => "个名额",
        "changes" => "项变更",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_chinese(character: char) -> bool {
        ('\u{4e00}'..='\u{9fff}').contains(&character)
    }

    #[test]
    fn every_message_has_a_text_in_both_languages() {
        for message in Message::samples() {
            let (english, chinese) = (message.text(Language::English), message.text(Language::Chinese));
            assert!(english.ends_with('.') && english.is_ascii(), "{message:?}: {english}");
            assert!(
                chinese.ends_with('。') && chinese.chars().any(is_chinese),
                "{message:?}: {chinese}"
            );
        }
    }

    #[test]
    fn no_two_messages_are_the_same() {
        for language in [Language::English, Language::Chinese] {
            let mut texts: Vec<_> = Message::samples()
                .iter()
                .map(|message| message.text(language))
                .collect();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), Message::samples().len(), "{language:?}");
        }
    }

    /// Parameters of a message must appear in both languages.
    #[test]
    fn both_languages_show_the_parameters() {
        let digits = |text: Cow<'static, str>| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let message = Message::AskedTooOften { seconds: 17 };
        assert_eq!(digits(message.text(Language::English)), "17");
        assert_eq!(digits(message.text(Language::Chinese)), "17");
    }
}
