//! Line breaks of a normalised text: a type is kept on one line.

use async_graphql::Pos;

use crate::http::graphql::guard::{Kind, Token};

/// Finds types in a sequence of tokens: they follow `$name:`, which only occurs in variable definitions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Elsewhere,
    AfterDollar,
    AfterName,
    BeforeType,
    /// Within a type, before its name.
    BeforeTypeName,
    AfterTypeName,
}

impl Lines {
    /// Returns true if a token belongs on the line of the previous token.
    pub fn continues(&mut self, token: &Token<'_>) -> bool {
        let is_word = token.kind == Kind::Word;
        let (next, continues) = match (self.state, token.text) {
            (_, "$") => (State::AfterDollar, false),
            (State::AfterDollar, _) if is_word => (State::AfterName, false),
            (State::AfterName, ":") => (State::BeforeType, false),
            (State::BeforeType, "[") => (State::BeforeTypeName, false),
            (State::BeforeTypeName, "[") => (State::BeforeTypeName, true),
            (State::BeforeType, _) if is_word => (State::AfterTypeName, false),
            (State::BeforeTypeName, _) if is_word => (State::AfterTypeName, true),
            (State::AfterTypeName, "!" | "]") => (State::AfterTypeName, true),
            _ => (State::Elsewhere, false),
        };
        self.state = next;
        continues
    }

    /// Returns the position at the end of a normalised text.
    pub fn position_after(self, text: &str) -> Pos {
        let line_start = text.rfind('\n').map_or(0, |newline| newline + 1);
        Pos {
            line: text.matches('\n').count() + 1,
            column: text[line_start..].chars().count() + 1,
        }
    }
}
