//! Session keys: random, shown once, stored only as a hash.

use super::rejection::rejections;
use super::user::UnknownUser;
use std::fmt;

use chrono::TimeDelta;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::api_key;

/// Maximum length of a session key, in characters.
pub const MAX_KEY_LENGTH: usize = 55;
/// Minimum length of a key that the host application may register, in characters: shorter ones can be guessed.
const MIN_REGISTERED_KEY_LENGTH: usize = 22;
/// Minimum number of distinct characters in a registered key. One in 10,000 keys of 32 random hexadecimal digits has
/// fewer.
const MIN_DIFFERENT_CHARACTERS: usize = 10;

/// Minimum lifetime of a key.
const SHORTEST_LIFETIME: TimeDelta = TimeDelta::hours(1);
const MAX_LIFETIME: TimeDelta = TimeDelta::days(3_650);
/// Default lifetime of a key.
pub const USUAL_LIFETIME: TimeDelta = TimeDelta::days(30);

/// Prefix of the demo's fixed keys. They are printed at every start and in the README, so only the demo accepts them.
pub const DEMO_KEY_PREFIX: &str = "demo-session-";

/// A session key in clear text. It is never logged: its `Debug` output hides the key.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(String);

/// SHA-256 of a key, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKeyHash(pub [u8; 32]);

rejections! {
    /// Reason why a session key was not issued or registered.
    #[derive(Copy)]
    pub enum SessionRejection {
        /// The key is too short or too long, contains characters other than visible ASCII, has too few different
        /// characters, or starts with `nbk_`.
        KeyInvalid => "KEY_INVALID",
            "A session key of the host must be 22-55 visible ASCII characters without spaces, at least 10 of them distinct, and must not start with nbk_.",
            "宿主的会话密钥为 22 到 55 个可见 ASCII 字符，不含空格，至少 10 个不同字符，且不以 nbk_ 开头。";
        /// The key is registered for another user.
        KeyTaken => "KEY_TAKEN",
            "This session key is registered for another user. Each key can be registered once.",
            "该会话密钥已登记给其他用户，每个密钥只能登记一次。";
        /// The key of this user has expired or was revoked, and cannot be registered again.
        KeyEnded => "KEY_ENDED",
            "This session key has ended and cannot be reactivated. Register another one.",
            "该会话密钥已经失效，不能恢复，请登记新的密钥。";
        /// The key is one of the demo's public keys.
        KeyPublic => "KEY_PUBLIC",
            "This is one of the public keys of the demo. Choose a key that is hard to guess.",
            "这是演示用的公开密钥，人人都知道。请选择不易猜到的密钥。";
        /// The lifetime is less than one hour or more than ten years.
        LifetimeInvalid => "LIFETIME_INVALID",
            "A session key must be valid for one hour to ten years (3600 to 315360000 seconds).",
            "会话密钥的有效期为一小时到十年，即 3600 到 315360000 秒。";
        /// The idempotency key is empty, too long, or has control characters.
        RequestKeyInvalid => "REQUEST_KEY_INVALID",
            "An idempotency key is 1 to 100 characters without control characters.",
            "幂等键为 1 到 100 个字符，不能含控制字符。";
    }
    with { User(UnknownUser) }
}

/// Returns true if a lifetime is within the permitted range.
pub fn is_valid_lifetime(lifetime: TimeDelta) -> bool {
    (SHORTEST_LIFETIME..=MAX_LIFETIME).contains(&lifetime)
}

impl SessionKey {
    /// Returns a new key of 256 random bits: 43 base64url characters.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(BASE64URL_NOPAD.encode(&random))
    }

    /// Parses a key that was sent by a client: 1 to 55 visible ASCII characters, otherwise `None`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::is_well_formed(text).then(|| Self(text.to_owned()))
    }

    /// Returns true if a text can be a session key.
    pub fn is_well_formed(text: &str) -> bool {
        (1..=MAX_KEY_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    }

    pub fn hash(&self) -> SessionKeyHash {
        SessionKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Returns true if the host application may register the key: long enough, enough distinct characters, and not in
    /// the form of an API key.
    pub fn may_be_registered(&self) -> bool {
        let mut characters = self.0.as_bytes().to_vec();
        characters.sort_unstable();
        characters.dedup();
        self.0.len() >= MIN_REGISTERED_KEY_LENGTH
            && characters.len() >= MIN_DIFFERENT_CHARACTERS
            && !self.0.starts_with(api_key::PREFIX)
    }

    /// Returns true if the key is one of the demo's public keys.
    pub fn is_public_demo_key(&self) -> bool {
        self.0.starts_with(DEMO_KEY_PREFIX)
    }

    /// Returns the key in clear text, to be shown to its owner once.
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
    fn malformed_keys_are_rejected() {
        for text in ["", "with space", "ключ", "a\n", &"x".repeat(56)] {
            assert_eq!(SessionKey::parse(text), None);
        }
        assert!(SessionKey::parse(&"x".repeat(55)).is_some());
    }
}
