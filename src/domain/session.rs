//! Session keys: random, shown once, kept only as a hash.

use std::fmt;

use chrono::TimeDelta;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::api_key;

/// The longest key of a host, in characters.
pub const MAX_KEY_LENGTH: usize = 55;
/// The shortest key of a host that may be registered: shorter ones can be guessed.
const MIN_REGISTERED_KEY_LENGTH: usize = 22;
/// Different characters that a key of a host has at least. 32 random hexadecimal digits have fewer once in 10,000 keys.
const MIN_DIFFERENT_CHARACTERS: usize = 10;

/// How long a key may be good for.
const SHORTEST_LIFETIME: TimeDelta = TimeDelta::hours(1);
const MAX_LIFETIME: TimeDelta = TimeDelta::days(3_650);
/// How long it is good for unless somebody says otherwise.
pub const USUAL_LIFETIME: TimeDelta = TimeDelta::days(30);

/// What the demo's fixed keys begin with. They are printed at every start and in the README, so only the demo takes them.
pub const DEMO_KEY_PREFIX: &str = "demo-session-";

/// A session key in clear. It is never logged: its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(String);

/// What is stored of a key: its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKeyHash(pub [u8; 32]);

/// Why a key was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRejection {
    UserUnknown,
    KeyInvalid,
    /// It is somebody else's.
    KeyTaken,
    /// It was this user's, and has ended: keys are not revived.
    KeyEnded,
    /// One of the demo's: everybody knows it.
    KeyPublic,
    LifetimeInvalid,
    RequestKeyInvalid,
}

/// Whether a key may be good for so long.
pub fn is_valid_lifetime(lifetime: TimeDelta) -> bool {
    (SHORTEST_LIFETIME..=MAX_LIFETIME).contains(&lifetime)
}

impl SessionKey {
    /// A new key of 256 random bits: 43 base64url characters.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(BASE64URL_NOPAD.encode(&random))
    }

    /// A key that somebody sent: 1 to 55 visible ASCII characters, else `None`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::is_well_formed(text).then(|| Self(text.to_owned()))
    }

    /// Whether a text may be a key at all.
    pub fn is_well_formed(text: &str) -> bool {
        (1..=MAX_KEY_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    }

    pub fn hash(&self) -> SessionKeyHash {
        SessionKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Whether a host may register the key: long enough, not made of a few characters, and not mistakable for an API key.
    pub fn may_be_registered(&self) -> bool {
        let mut characters = self.0.as_bytes().to_vec();
        characters.sort_unstable();
        characters.dedup();
        self.0.len() >= MIN_REGISTERED_KEY_LENGTH
            && characters.len() >= MIN_DIFFERENT_CHARACTERS
            && !self.0.starts_with(api_key::PREFIX)
    }

    /// Whether it is one of the keys that everybody knows.
    pub fn is_public_demo_key(&self) -> bool {
        self.0.starts_with(DEMO_KEY_PREFIX)
    }

    /// The key in clear, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_keys_have_43_characters_and_do_not_show() {
        let key = SessionKey::from_random([7; 32]);
        assert_eq!(key.reveal().len(), 43);
        assert_eq!(SessionKey::parse(key.reveal()), Some(key.clone()));
        assert!(!format!("{key:?}").contains(key.reveal()));
    }

    #[test]
    fn weak_keys_may_not_be_registered() {
        for (text, may) in [
            ("0123456789abcdefABCDEF", true),
            (&"0123456789".repeat(5), true),
            ("0123456789abcdefABCDE", false),
            (&"1".repeat(55), false),
            (&"abcdefghi".repeat(5), false),
            ("nbk_0123456789abcdefABCDEF", false),
        ] {
            assert_eq!(SessionKey::parse(text).unwrap().may_be_registered(), may, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        for text in ["", "with space", "ключ", "a\n", &"x".repeat(56)] {
            assert_eq!(SessionKey::parse(text), None);
        }
        assert!(SessionKey::parse(&"x".repeat(55)).is_some());
    }
}
