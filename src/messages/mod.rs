//! User-facing messages, localised: one file per language.
//!
//! A message without a text in one of the languages does not compile. Errors that only client developers see, such as a
//! malformed request, are in English only and are defined where they are raised.

mod chinese;
mod english;

use std::borrow::Cow;

use crate::domain::language::Language;

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident $({ $($field:ident: $kind:ty),+ })?,)+) => {
        /// A user-facing message with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Message {
            $($(#[$doc])* $name $({ $($field: $kind),+ })?,)+
        }

        impl Message {
            /// Returns each message once, with default parameters.
            #[cfg(test)]
            fn samples() -> Vec<Self> {
                vec![$(Self::$name $({ $($field: <$kind>::default()),+ })?),+]
            }
        }
    };
}

messages! {
    Unauthenticated,
    Busy,
    InternalFault,
    ScopeNeeded { scope: String },
    ApiKeyNeeded,
    ApiKeyUnknown,
    SessionKeyUnknown,
    AuthorizationMalformed,
    KeysNotChecked,
    TooMuchUnderWay,
    TookTooLong,
    AskedTooOften { seconds: i64 },
    DaysClosedAhead { count: i64, day: String },
    SessionEnded,
    TooManySubscriptions { most: i64 },
    BooksDoNotBalance { violations: i64, checks: String },
    ChecksUnfinished { checks: String },
    AwardsParked { count: i64, error: String },
    TotalsDiffer { day: String },
    LastRunFailed { error: String },
    JobPausedWithBacklog { by: String, count: i64, unit: String },
}

impl Message {
    /// Returns the text of the message in a language.
    pub fn text(&self, language: Language) -> Cow<'static, str> {
        match language {
            Language::English => english::text(self),
            Language::Chinese => chinese::text(self),
        }
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
