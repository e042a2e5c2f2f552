//! The languages of user-visible messages.

/// Language of messages; English unless the client accepts Chinese.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}
