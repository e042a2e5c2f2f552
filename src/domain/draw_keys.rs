//! The secret keys of word draws. They come from the configuration and are never stored in the database.

use std::fmt;
use std::sync::Arc;

use data_encoding::HEXLOWER_PERMISSIVE;
use quick_cache::sync::Cache;

use super::bls::{SignatureBytes, SigningKey};
use super::word::WordCampaign;
use super::word_commitment::Drawing;

/// The public key of the demo.
pub const DEMO_DRAW_KEY: &str = "64656d6f2d647261772d6b65792d69732d7075626c69632d64656d6f2d6b6579";
/// Name of the demo's key in the configuration.
pub const DEMO_KEY_NAME: &str = "demo";
/// Number of campaigns whose shares are cached in memory, at most 1.6 MB each.
const CACHED_DRAWINGS: usize = 16;

/// Hash of the draw's commitment, and its public randomness.
type CacheKey = ([u8; 32], Option<SignatureBytes>);

/// The keys of a process: the first is used for new campaigns, the others for campaigns created with them.
#[derive(Clone)]
pub struct DrawKeys {
    secrets: Arc<Vec<[u8; 32]>>,
    drawings: Arc<Cache<CacheKey, Arc<Drawing>>>,
}

/// The process does not have the key of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("word campaign {campaign} was created with a draw key that this process does not have: see NEWBEE_DRAW_KEY")]
pub struct DrawKeyUnknown {
    pub campaign: i64,
}

impl DrawKeys {
    /// Returns an empty set of keys: campaigns can neither be created nor claimed.
    pub fn none() -> Self {
        Self::of(Vec::new())
    }

    /// Returns the public key of the demo.
    pub fn demo() -> Self {
        Self::parse(DEMO_DRAW_KEY).expect("the demo's key is valid")
    }

    /// Parses keys of 64 hexadecimal digits each, separated by commas or white space (`demo` stands for the key of the
    /// demo). Returns `None` if one is malformed or there are none.
    pub fn parse(text: &str) -> Option<Self> {
        let secrets: Option<Vec<[u8; 32]>> = text
            .split(|character: char| character == ',' || character.is_whitespace())
            .filter(|part| !part.is_empty())
            .map(|part| if part == DEMO_KEY_NAME { DEMO_DRAW_KEY } else { part })
            .map(|part| HEXLOWER_PERMISSIVE.decode(part.as_bytes()).ok()?.try_into().ok())
            .collect();
        secrets.filter(|secrets| !secrets.is_empty()).map(Self::of)
    }

    fn of(secrets: Vec<[u8; 32]>) -> Self {
        Self {
            secrets: Arc::new(secrets),
            drawings: Arc::new(Cache::new(CACHED_DRAWINGS)),
        }
    }

    /// Returns true if the demo's public key is among them.
    pub fn hold_the_demo_key(&self) -> bool {
        let demo = HEXLOWER_PERMISSIVE.decode(DEMO_DRAW_KEY.as_bytes());
        demo.is_ok_and(|demo| self.secrets.iter().any(|secret| secret.as_slice() == demo))
    }

    /// Returns the key of a new campaign with this salt; `None` if there are no keys.
    pub fn new_campaign_key(&self, salt: &[u8; 32]) -> Option<SigningKey> {
        self.secrets.first().map(|secret| SigningKey::derive(secret, salt))
    }

    /// Returns true if the key of a campaign is among them, and for campaigns of the first scheme, which had no key.
    pub fn know(&self, campaign: &WordCampaign) -> bool {
        campaign.commitment.as_ref().is_none_or(|commitment| {
            let mut keys = self
                .secrets
                .iter()
                .map(|secret| SigningKey::derive(secret, &commitment.salt));
            keys.any(|key| key.public_key() == commitment.public_key)
        })
    }

    /// Returns the draw of a campaign; `None` before its public randomness is entered, and for campaigns of the first
    /// scheme.
    ///
    /// # Errors
    /// [`DrawKeyUnknown`] if the key of the campaign is not among them.
    pub fn drawing(&self, campaign: &WordCampaign) -> Result<Option<Arc<Drawing>>, DrawKeyUnknown> {
        let Some(commitment) = &campaign.commitment else {
            return Ok(None);
        };
        if commitment.beacon_round.is_some() && campaign.beacon_signature.is_none() {
            return Ok(None);
        }
        let cache_key = (commitment.hash(), campaign.beacon_signature);
        // Concurrent callers wait for the one that computes.
        let drawing = self.drawings.get_or_insert_with(&cache_key, || {
            let mut keys = self
                .secrets
                .iter()
                .map(|secret| SigningKey::derive(secret, &commitment.salt));
            let key = keys
                .find(|key| key.public_key() == commitment.public_key)
                .ok_or(DrawKeyUnknown { campaign: campaign.id })?;
            Ok(Arc::new(Drawing::new(commitment, key, campaign.beacon_signature)))
        });
        drawing.map(Some)
    }
}

/// Hides the keys.
impl fmt::Debug for DrawKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DrawKeys({} keys)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_never_shown() {
        let (one, two) = ("ab".repeat(32), "CD".repeat(32));
        let keys = DrawKeys::parse(&format!("{one},\n {two}\n")).unwrap();
        assert_eq!(format!("{keys:?}"), "DrawKeys(2 keys)");
        assert!(!keys.hold_the_demo_key() && DrawKeys::demo().hold_the_demo_key());
        assert!(DrawKeys::parse("demo").unwrap().hold_the_demo_key());
        for malformed in [
            "",
            " ",
            "ab",
            &"xy".repeat(32),
            &format!("{one},short"),
            &"ab".repeat(33),
        ] {
            assert!(DrawKeys::parse(malformed).is_none(), "{malformed}");
        }
        assert!(DrawKeys::none().new_campaign_key(&[1; 32]).is_none());
    }
}
