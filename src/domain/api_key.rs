//! API keys of the host application and of operators: random, shown once, stored only as a hash, each with its scopes.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// Prefix of every key, so that leaked keys can be recognised by scanners.
pub(super) const PREFIX: &str = "nbk_";
/// Prefix of the demo's public key. Random keys never contain a dot.
const DEMO_KEY_PREFIX: &str = "nbk_demo.";

/// Permission of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The host application: users, session keys, tasks.
    Host,
    /// Read-only access for operators.
    OpsRead,
    /// Changes to rules, campaigns and awards; includes OPS_READ.
    OpsWrite,
    /// Acts of users, on their behalf.
    Act,
    /// Grants of awards, and their approval; includes OPS_READ.
    OpsGrant,
}

impl Scope {
    pub const ALL: [Self; 5] = [Self::Host, Self::OpsRead, Self::OpsWrite, Self::OpsGrant, Self::Act];

    /// Returns its name in the database and in the APIs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "HOST",
            Self::OpsRead => "OPS_READ",
            Self::OpsWrite => "OPS_WRITE",
            Self::Act => "ACT",
            Self::OpsGrant => "OPS_GRANT",
        }
    }

    /// Returns the scope of a name, in API spelling (`OPS_READ`) or command-line spelling (`ops-read`).
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase().replace('-', "_");
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Returns true if a key with this scope may perform an operation that needs the other.
    pub fn allows(self, needed: Self) -> bool {
        self == needed || (needed == Self::OpsRead && matches!(self, Self::OpsWrite | Self::OpsGrant))
    }
}

/// An API key in clear text. It is never logged: its `Debug` output hides the key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// SHA-256 of a key, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiKeyHash(pub [u8; 32]);

impl ApiKey {
    /// Returns a new key of 256 random bits: 47 characters.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&random)))
    }

    /// Parses a key that was sent by a client; `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.starts_with(PREFIX) && text.len() <= 55 && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn hash(&self) -> ApiKeyHash {
        ApiKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Returns true if the key is the public key of the demo.
    pub fn is_public_demo_key(&self) -> bool {
        self.0.starts_with(DEMO_KEY_PREFIX)
    }

    /// Returns the key in clear text, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// Returns true if a text is a valid key name: 1–40 lowercase letters, digits, hyphens or underscores, starting with a
/// letter.
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
    fn write_and_grant_include_read_and_nothing_else_is_implied() {
        for scope in Scope::ALL {
            for needed in Scope::ALL {
                let implied = [(Scope::OpsWrite, Scope::OpsRead), (Scope::OpsGrant, Scope::OpsRead)];
                let may = scope == needed || implied.contains(&(scope, needed));
                assert_eq!(scope.allows(needed), may);
            }
            assert_eq!(Scope::parse(scope.name()), Some(scope));
        }
        assert_eq!(Scope::parse("ops-read"), Some(Scope::OpsRead));
        assert_eq!(Scope::parse("root"), None);
    }
}
