//! Which tokens stand in one line of a normalised text: those of one type.

use async_graphql::Pos;

use crate::http::graphql::guard::{Kind, Token};

/// Finds the types in a sequence of tokens: they follow `$name:`, which stands nowhere but in definitions of variables.
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
    /// Within a type whose name is still to come.
    BeforeTypeName,
    AfterTypeName,
}

impl Lines {
    /// Whether a token belongs into the line of the token before it.
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

    /// The position at the end of a normalised text.
    pub fn position_after(self, text: &str) -> Pos {
        let line_start = text.rfind('\n').map_or(0, |newline| newline + 1);
        Pos {
            line: text.matches('\n').count() + 1,
            column: text[line_start..].chars().count() + 1,
        }
    }
}
