//! The public randomness of word draws: the rounds of the drand network "quicknet".
//!
//! drand is run by independent organisations (the League of Entropy), which together sign the number of a round every
//! three seconds. A signature cannot be predicted before its round; afterwards anyone can verify it offline, because
//! the public key of the network never changes. See <https://docs.drand.love>.

use super::rejection::change::ChangeRejection;
use super::rejection::rejections;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::bls::{self, PublicKeyBytes, SignatureBytes};

/// Name of the network.
pub const NETWORK: &str = "drand quicknet";
/// Chain hash that identifies the network on drand's servers.
const CHAIN_HASH: &str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
/// Public key of the network.
const PUBLIC_KEY: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";
/// Unix time of round 1, in seconds.
const GENESIS: i64 = 1_692_803_367;
/// Seconds between two rounds.
const PERIOD: i64 = 3;

/// Returns the first round that is signed at the given instant or later; `None` before the start of the network.
pub fn first_round_at(at: DateTime<Utc>) -> Option<i64> {
    let since_genesis = at - round_time(1);
    let whole = since_genesis.num_seconds();
    let seconds = whole + i64::from(TimeDelta::seconds(whole) < since_genesis);
    (since_genesis >= TimeDelta::zero()).then(|| (seconds + PERIOD - 1) / PERIOD + 1)
}

/// Returns the time at which a round is signed.
pub fn round_time(round: i64) -> DateTime<Utc> {
    let seconds = round.saturating_sub(1).saturating_mul(PERIOD).saturating_add(GENESIS);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Returns true if the signature is that of the round.
pub fn is_signature_of(round: i64, signature: &SignatureBytes) -> bool {
    let Ok(number) = u64::try_from(round) else {
        return false;
    };
    let bytes = HEXLOWER.decode(PUBLIC_KEY.as_bytes()).expect("the key is hexadecimal");
    let key: PublicKeyBytes = bytes.try_into().expect("the key has 96 bytes");
    bls::is_valid(&key, &Sha256::digest(number.to_be_bytes()), signature)
}

/// Returns the URL at which drand publishes a round.
pub fn round_url(round: i64) -> String {
    format!("https://api.drand.sh/{CHAIN_HASH}/public/{round}")
}

rejections! {
    /// Reason why public randomness was not entered.
    #[derive(Copy)]
    pub enum BeaconRejection {
        /// The value is not the signature of the campaign's round of public randomness.
        Invalid { round: i64 } => "BEACON_INVALID",
            format!("This is not the signature of round {round} of drand quicknet. Get it from {} .", round_url(*round)),
            format!("这不是 drand quicknet 第 {round} 轮的签名，请从 {} 获取。", round_url(*round));
        /// The campaign was created without public randomness.
        NotPromised => "BEACON_NOT_PROMISED",
            "This campaign was created without public randomness. There is nothing to enter.",
            "这个活动创建时没有使用公开随机数，无需填写。";
    }
    with { Change(ChangeRejection) }
}

/// Real rounds, for tests.
#[cfg(test)]
pub mod samples {
    use super::*;

    /// Returns the real signature of round 1000 or 1001, published on 23 August 2023.
    pub fn signature(round: i64) -> SignatureBytes {
        let text = match round {
            1000 => "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
            1001 => "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41",
            other => panic!("no sample of round {other}"),
        };
        HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_rounds_are_valid_and_nothing_else_is() {
        for round in [1000, 1001] {
            assert!(is_signature_of(round, &samples::signature(round)));
        }
        assert!(!is_signature_of(1001, &samples::signature(1000)));
        assert!(!is_signature_of(-1, &samples::signature(1000)));
        let mut changed = samples::signature(1000);
        changed[47] ^= 1;
        assert!(!is_signature_of(1000, &changed));
    }

    #[test]
    fn a_round_is_never_before_the_requested_time() {
        let time = round_time(1000);
        assert_eq!(time.timestamp(), 1_692_806_364);
        assert_eq!(first_round_at(time), Some(1000));
        assert_eq!(first_round_at(time + TimeDelta::nanoseconds(1)), Some(1001));
        assert_eq!(first_round_at(time - TimeDelta::milliseconds(2_999)), Some(1000));
        assert_eq!(first_round_at(round_time(1)), Some(1));
        assert_eq!(first_round_at(round_time(1) - TimeDelta::milliseconds(1)), None);
        assert_eq!(round_time(i64::MAX), DateTime::<Utc>::MAX_UTC);
        assert!(round_url(7).ends_with("/public/7"));
    }
}
