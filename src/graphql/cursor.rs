//! Cursors: the key of a row, or a place among changes, opaque to clients.
//!
//! Base64url of a version, the kind of list, and the key's numbers. What a client sends is checked to the last bit, because a
//! number that Postgres refuses would fail the statement of everybody in the batch.

use chrono::{DateTime, Datelike};
use data_encoding::BASE64URL_NOPAD;

use crate::domain::award::ChangePosition;
use crate::domain::id::{AwardId, UserId};
use crate::read::ChildKey;

const VERSION: u8 = 1;

/// What a cursor holds.
pub(super) trait Position: Copy {
    /// Tells the cursors of one list from those of another.
    const KIND: u8;

    fn numbers(self) -> impl IntoIterator<Item = i64>;

    /// The position of these numbers, if they can be one.
    fn from_numbers(numbers: &[i64]) -> Option<Self>;
}

/// The key of a row in a list that is ordered by it.
pub(super) trait CursorKey: Position {
    /// The next greater key that there could be.
    fn above(self) -> Self;

    /// The next smaller key that there could be.
    fn below(self) -> Self;
}

pub(super) fn encode<Key: Position>(key: Key) -> String {
    let mut bytes = vec![VERSION, Key::KIND];
    bytes.extend(key.numbers().into_iter().flat_map(i64::to_be_bytes));
    BASE64URL_NOPAD.encode(&bytes)
}

pub(super) fn decode<Key: Position>(cursor: &str) -> Option<Key> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    let numbers = bytes.strip_prefix(&[VERSION, Key::KIND])?;
    let (numbers, rest) = numbers.as_chunks::<8>();
    let numbers: Vec<i64> = numbers.iter().copied().map(i64::from_be_bytes).collect();
    Key::from_numbers(&numbers).filter(|_| rest.is_empty())
}

/// An id that a row can have, with room to either side.
fn is_id(number: i64) -> bool {
    (1..i64::MAX).contains(&number)
}

impl Position for AwardId {
    const KIND: u8 = b'a';

    fn numbers(self) -> impl IntoIterator<Item = i64> {
        [self.0]
    }

    fn from_numbers(numbers: &[i64]) -> Option<Self> {
        match *numbers {
            [id] if is_id(id) => Some(Self(id)),
            _ => None,
        }
    }
}

impl CursorKey for AwardId {
    fn above(self) -> Self {
        Self(self.0 + 1)
    }

    fn below(self) -> Self {
        Self(self.0 - 1)
    }
}

impl Position for ChildKey {
    const KIND: u8 = b'c';

    fn numbers(self) -> impl IntoIterator<Item = i64> {
        [self.bound_at.timestamp_micros(), self.user_id.0]
    }

    fn from_numbers(numbers: &[i64]) -> Option<Self> {
        let [micros, id] = *numbers else { return None };
        let bound_at = DateTime::from_timestamp_micros(micros)?;
        // Postgres ends long before chrono does.
        let fits = is_id(id) && (1..=9999).contains(&bound_at.year());
        fits.then_some(Self {
            bound_at,
            user_id: UserId(id),
        })
    }
}

impl CursorKey for ChildKey {
    fn above(self) -> Self {
        Self {
            user_id: UserId(self.user_id.0 + 1),
            ..self
        }
    }

    fn below(self) -> Self {
        Self {
            user_id: UserId(self.user_id.0 - 1),
            ..self
        }
    }
}

impl Position for ChangePosition {
    const KIND: u8 = b'l';

    fn numbers(self) -> impl IntoIterator<Item = i64> {
        [self.change, self.award_id.0]
    }

    fn from_numbers(numbers: &[i64]) -> Option<Self> {
        match *numbers {
            [change, id] if change >= 0 && is_id(id) => Some(Self {
                change,
                award_id: AwardId(id),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        let key = ChildKey {
            bound_at: "2026-11-22T03:04:05.678901Z".parse().unwrap(),
            user_id: UserId(9),
        };
        assert_eq!(decode::<ChildKey>(&encode(key)), Some(key));
        assert_eq!(decode::<AwardId>(&encode(AwardId(22))), Some(AwardId(22)));
        let change = ChangePosition {
            change: 7_000_000_000,
            award_id: AwardId(22),
        };
        assert_eq!(decode::<ChangePosition>(&encode(change)), Some(change));
        assert_eq!(decode::<ChildKey>(&encode(change)), None);
    }

    #[test]
    fn what_is_no_cursor_of_the_list_is_none() {
        let child = |micros: i64, id: i64| {
            let mut bytes = vec![VERSION, b'c'];
            bytes.extend([micros, id].map(i64::to_be_bytes).concat());
            BASE64URL_NOPAD.encode(&bytes)
        };
        assert!(decode::<ChildKey>(&child(0, 1)).is_some());
        let forged = [
            child(i64::MIN, 1),
            child(i64::MAX, 1),
            child(0, 0),
            child(0, i64::MAX),
            child(-99_999_999_999_999_999, 1),
        ];
        for text in forged
            .iter()
            .map(String::as_str)
            .chain(["", "AWM", "AQ", "%%%", &encode(AwardId(1))])
        {
            assert_eq!(decode::<ChildKey>(text), None, "{text}");
        }
        let next_version = BASE64URL_NOPAD.encode(&[&[2, b'a'][..], &1_i64.to_be_bytes()].concat());
        assert_eq!(decode::<AwardId>(&next_version), None);
    }
}
