//! Mapping of locations in a normalised text to locations in the text as sent.

use async_graphql::{Pos, ServerError};

use super::lines::Lines;
use super::strings;
use crate::http::graphql::guard::tokens;

/// Maps the locations of errors from the normalised text to the text as sent.
pub fn relocate(errors: &mut [ServerError], sent: &str) {
    if errors.iter().all(|error| error.locations.is_empty()) {
        return;
    }
    let places = places(sent);
    for location in errors.iter_mut().flat_map(|error| &mut error.locations) {
        *location = position_of(sent, byte_of(sent, &places, *location));
    }
}

/// A token in both texts.
struct Place {
    /// Its start in the normalised text.
    normalised: Pos,
    /// Its start and end in the text as sent, in bytes.
    start: usize,
    end: usize,
    /// Its length in characters in both texts; `None` if it was rewritten.
    characters: Option<usize>,
}

fn places(sent: &str) -> Vec<Place> {
    let mut lines = Lines::default();
    let mut next = Pos { line: 0, column: 1 };
    let mut places = Vec::new();
    for token in tokens(sent) {
        if !lines.continues(&token) {
            next = Pos {
                line: next.line + 1,
                column: 1,
            };
        }
        let rewritten = strings::rewrite(&token).unwrap_or_default();
        let characters = rewritten.chars().count();
        places.push(Place {
            normalised: next,
            start: token.start,
            end: token.start + token.text.len(),
            characters: (rewritten == token.text).then_some(characters),
        });
        next.column += characters;
    }
    places
}

/// Returns the byte offset in the text as sent for a position in the normalised text. For a rewritten token, that is
/// its first byte.
fn byte_of(sent: &str, places: &[Place], position: Pos) -> usize {
    let after = places.partition_point(|place| place.normalised <= position);
    let Some(place) = after.checked_sub(1).map(|index| &places[index]) else {
        return 0;
    };
    let offset = position.column - place.normalised.column;
    match place.characters {
        None => place.start,
        Some(characters) if position.line != place.normalised.line || offset >= characters => place.end,
        Some(_) => {
            let mut characters = sent[place.start..place.end].char_indices();
            characters.nth(offset).map_or(place.end, |(byte, _)| place.start + byte)
        }
    }
}

/// Returns line and column of a byte, both starting at 1; the column counts characters.
fn position_of(sent: &str, byte: usize) -> Pos {
    let mut position = Pos { line: 1, column: 1 };
    let mut characters = sent.char_indices().take_while(|(at, _)| *at < byte).peekable();
    while let Some((_, character)) = characters.next() {
        let is_line_end = match character {
            '\n' => true,
            // In CR LF, the line feed ends the line.
            '\r' => characters.peek().is_none_or(|(_, next)| *next != '\n'),
            _ => false,
        };
        if is_line_end {
            position.line += 1;
            position.column = 1;
        } else if character != '\r' {
            position.column += 1;
        }
    }
    position
}
