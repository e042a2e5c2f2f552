//! Cursors, opaque to clients: the key of a row, or a position in the sequence of changes.
//!
//! A cursor is Base64url of a version, the kind of list, and the numbers of the key. Cursors from clients are validated
//! completely: a number that Postgres rejects would fail the statement of the whole batch.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, TimeDelta};
use data_encoding::BASE64URL_NOPAD;

use crate::domain::award::ChangePosition;
use crate::domain::id::{AwardId, UserId};
use crate::loaders::me::children::ChildKey;

const VERSION: u8 = 1;

/// Content of a cursor.
pub(super) trait Position: Copy {
    /// Distinguishes the cursors of one list from those of another.
    const KIND: u8;

    fn numbers(self) -> impl IntoIterator<Item = i64>;

    /// Returns the position for these numbers, or `None` if they are not valid.
    fn from_numbers(numbers: &[i64]) -> Option<Self>;
}

/// Key of a row in a list that is ordered by it.
pub(super) trait CursorKey: Position {
    /// Returns the next greater possible key; `None` for the greatest key.
    fn above(self) -> Option<Self>;

    /// Returns the next smaller possible key; `None` for the smallest key.
    fn below(self) -> Option<Self>;
}

pub(super) fn encode<Key: Position>(key: Key) -> String {
    let mut text = String::new();
    write(key, &mut text);
    text
}

/// Appends a cursor, which has only characters that JSON does not escape.
pub(super) fn write<Key: Position>(key: Key, text: &mut String) {
    let mut bytes = [VERSION, Key::KIND].to_vec();
    bytes.extend(key.numbers().into_iter().flat_map(i64::to_be_bytes));
    BASE64URL_NOPAD.encode_append(&bytes, text);
}

pub(super) fn decode<Key: Position>(cursor: &str) -> Option<Key> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    let numbers = bytes.strip_prefix(&[VERSION, Key::KIND])?;
    let (numbers, rest) = numbers.as_chunks::<8>();
    let numbers: Vec<i64> = numbers.iter().copied().map(i64::from_be_bytes).collect();
    Key::from_numbers(&numbers).filter(|_| rest.is_empty())
}

/// Years that both Postgres and chrono support, with a margin at both ends.
const YEARS: RangeInclusive<i32> = -4_700..=262_000;

/// Returns true if a row can have this ID. The tables have a check constraint that IDs are positive.
fn is_id(number: i64) -> bool {
    number > 0
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
    fn above(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    fn below(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
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
        let fits = is_id(id) && YEARS.contains(&bound_at.year());
        fits.then_some(Self {
            bound_at,
            user_id: UserId(id),
        })
    }
}

impl CursorKey for ChildKey {
    fn above(self) -> Option<Self> {
        match self.user_id.0.checked_add(1) {
            Some(id) => Some(Self {
                user_id: UserId(id),
                ..self
            }),
            // The greatest ID of an instant is followed by the smallest ID of the next microsecond.
            None => Some(Self {
                bound_at: self.bound_at.checked_add_signed(TimeDelta::microseconds(1))?,
                user_id: UserId(i64::MIN),
            }),
        }
    }

    fn below(self) -> Option<Self> {
        let user_id = UserId(self.user_id.0.checked_sub(1)?);
        Some(Self { user_id, ..self })
    }
}

impl Position for ChangePosition {
    const KIND: u8 = b'l';

    fn numbers(self) -> impl IntoIterator<Item = i64> {
        [self.0]
    }

    fn from_numbers(numbers: &[i64]) -> Option<Self> {
        match *numbers {
            [change] if change >= 0 => Some(Self(change)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip() {
        let key = ChildKey {
            bound_at: "2026-11-22T03:04:05.678901Z".parse().unwrap(),
            user_id: UserId(9),
        };
        assert_eq!(decode::<ChildKey>(&encode(key)), Some(key));
        assert_eq!(decode::<AwardId>(&encode(AwardId(22))), Some(AwardId(22)));
        let change = ChangePosition(7_000_000_000);
        assert_eq!(decode::<ChangePosition>(&encode(change)), Some(change));
        assert_eq!(decode::<ChildKey>(&encode(change)), None);
    }

    /// Returns IDs at both ends of the range, in the middle, and in the form that hosts generate (snowflakes have 19
    /// digits).
    fn ids() -> impl Iterator<Item = i64> {
        let random = (1..200_u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1) as i64);
        let snowflakes = (0..20).map(|n| 1_863_000_000_000_000_000 + n * 4_194_304);
        let ends = [1, 2, i64::from(i32::MAX), (1 << 53) + 1, i64::MAX - 1, i64::MAX];
        ends.into_iter().chain(random).chain(snowflakes).filter(|id| *id > 0)
    }

    #[test]
    fn every_key_round_trips_and_has_ordered_neighbours() {
        let times = [
            "-0044-03-15T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "2026-11-22T03:04:05.678901Z",
            "9999-12-31T23:59:59.999999Z",
            "+200000-01-01T00:00:00Z",
        ];
        for id in ids() {
            let award = AwardId(id);
            assert_eq!(decode(&encode(award)), Some(award));
            assert!(award.below().is_some_and(|below| below < award), "{id}");
            assert!(award.above().is_none_or(|above| above > award), "{id}");
            assert_eq!(award.above().is_none(), id == i64::MAX);
            let change = ChangePosition(id);
            assert_eq!(decode(&encode(change)), Some(change));
            for time in times {
                let key = ChildKey {
                    bound_at: time.parse().unwrap(),
                    user_id: UserId(id),
                };
                assert_eq!(decode(&encode(key)), Some(key));
                let order = |key: ChildKey| (key.bound_at, key.user_id);
                assert!(key.below().is_some_and(|below| order(below) < order(key)), "{key:?}");
                assert!(key.above().is_some_and(|above| order(above) > order(key)), "{key:?}");
            }
        }
    }

    #[test]
    fn invalid_cursors_are_rejected() {
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
            child(0, i64::MIN),
            child(-999_999_999_999_999_999, 1),
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
