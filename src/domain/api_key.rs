//! API keys of the host and of ops: random, shown once, kept only as a hash, each with what it may do.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// What every key begins with, so that one that leaked is recognised.
pub(super) const PREFIX: &str = "nbk_";
/// What the demo's key, which everybody knows, begins with. No random key has a dot in it.
const DEMO_KEY_PREFIX: &str = "nbk_demo.";

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The host's part: users, session keys, tasks.
    Host,
    /// Looking at everything, and changing nothing.
    OpsRead,
    /// Changing rules, campaigns and awards; includes OPS_READ.
    OpsWrite,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Host, Self::OpsRead, Self::OpsWrite];

    /// Its name in the database and on every wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "HOST",
            Self::OpsRead => "OPS_READ",
            Self::OpsWrite => "OPS_WRITE",
        }
    }

    /// The scope of a name, in the wire's spelling or the command line's (`ops-read`).
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase().replace('-', "_");
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether who has this scope may do what needs the other.
    pub fn allows(self, needed: Self) -> bool {
        self == needed || (self == Self::OpsWrite && needed == Self::OpsRead)
    }
}

/// An API key in clear. It is never logged: its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// What is stored of a key: its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiKeyHash(pub [u8; 32]);

impl ApiKey {
    /// A new key of 256 random bits: 47 characters.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&random)))
    }

    /// A key that somebody sent; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.starts_with(PREFIX) && text.len() <= 55 && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn hash(&self) -> ApiKeyHash {
        ApiKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Whether it is a key that everybody knows.
    pub fn is_public_demo_key(&self) -> bool {
        self.0.starts_with(DEMO_KEY_PREFIX)
    }

    /// The key in clear, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// Whether a text can name a key: small letters, digits, hyphens and underscores, at most 40, a letter first.
pub fn is_valid_key_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || "_-".contains(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_recognised_and_do_not_show() {
        let key = ApiKey::from_random([7; 32]);
        assert_eq!(key.reveal().len(), 47);
        assert_eq!(ApiKey::parse(key.reveal()), Some(key.clone()));
        assert!(!format!("{key:?}").contains(key.reveal()));
        assert_eq!(ApiKey::parse("demo-session-regular"), None);
        assert!(!key.is_public_demo_key());
        assert!(ApiKey::parse("nbk_demo.some-key").is_some_and(|key| key.is_public_demo_key()));
    }

    #[test]
    fn who_may_write_may_read_and_nobody_else_may_more() {
        for scope in Scope::ALL {
            for needed in Scope::ALL {
                let may = scope == needed || (scope, needed) == (Scope::OpsWrite, Scope::OpsRead);
                assert_eq!(scope.allows(needed), may);
            }
            assert_eq!(Scope::parse(scope.name()), Some(scope));
        }
        assert_eq!(Scope::parse("ops-read"), Some(Scope::OpsRead));
        assert_eq!(Scope::parse("root"), None);
    }
}
