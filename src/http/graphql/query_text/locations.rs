//! Locations in a normalised text, as those of the text that was sent.

use async_graphql::{Pos, ServerError};

use super::lines::Lines;
use super::strings;
use crate::http::graphql::guard::tokens;

/// Replaces the locations of errors, which refer to the normalised text, by those in the text that was sent.
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
    /// Where it begins in the normalised text.
    normalised: Pos,
    /// Where it begins and ends in the sent text, in bytes.
    start: usize,
    end: usize,
    /// The characters that it has in both texts; `None` when it was rewritten.
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

/// The byte of the sent text that a position of the normalised text stands for: in a token that was rewritten its first.
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

/// Line and column of a byte, both from 1, the column in characters.
fn position_of(sent: &str, byte: usize) -> Pos {
    let mut position = Pos { line: 1, column: 1 };
    let mut characters = sent.char_indices().take_while(|(at, _)| *at < byte).peekable();
    while let Some((_, character)) = characters.next() {
        let is_line_end = match character {
            '\n' => true,
            // The line feed of a pair ends the line.
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
