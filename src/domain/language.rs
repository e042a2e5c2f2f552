//! The languages in which newbee speaks to people.

/// A language of messages; English where a caller asks for neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    /// Simplified.
    Chinese,
}
