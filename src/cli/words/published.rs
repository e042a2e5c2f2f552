//! JSON format of a published draw: written by `word show --json`, read by `word verify`, equal to `wordDraw` of the
//! API.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::output::api_time;
use crate::domain::beacon;
use crate::domain::money::{parse_decimal, wire_amount};
use crate::domain::text::without_byte_order_mark;
use crate::domain::word::{Split, WordCampaign};
use crate::domain::word_commitment::{Commitment, Drawing, PublishedClaim, PublishedDraw};

/// Fields read by `verify`; other fields are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    amount: String,
    share_count: i32,
    split: String,
    opens_at: DateTime<Utc>,
    hash: String,
    public_key: String,
    salt: String,
    beacon: Option<PublishedBeacon>,
    seed: Option<String>,
    shares: Option<Vec<String>>,
    claimed_count: Option<i32>,
    claimed_amount: Option<String>,
    claims: Option<Vec<Claim>>,
}

#[derive(Deserialize)]
struct PublishedBeacon {
    round: i64,
    signature: Option<String>,
}

#[derive(Deserialize)]
struct Claim {
    number: i32,
    claimant: String,
    place: i32,
    amount: String,
}

/// Parts of a draw that are published after the end of the campaign.
pub struct Revealed {
    pub drawing: Arc<Drawing>,
    pub claims: Vec<PublishedClaim>,
}

/// Returns a campaign as JSON, with its draw if `revealed` is given.
pub fn campaign(campaign: &WordCampaign, revealed: Option<Revealed>) -> Value {
    let commitment = campaign.commitment.as_ref();
    let amounts = |amounts: &[Decimal]| amounts.iter().copied().map(wire_amount).collect::<Vec<_>>();
    let claim = |claim: &PublishedClaim| {
        json!({
            "number": claim.number,
            "claimant": HEXLOWER.encode(&claim.claimant),
            "place": claim.place,
            "amount": wire_amount(claim.amount),
        })
    };
    json!({
        "id": format!("word_{}", campaign.id),
        "word": campaign.word,
        "amount": wire_amount(campaign.amount),
        "coinId": campaign.coin_id,
        "shareCount": campaign.share_count,
        "claimedCount": campaign.used_count,
        "claimedAmount": wire_amount(campaign.used_amount),
        "split": campaign.split.name(),
        "opensAt": api_time(campaign.opens_at),
        "closesAt": api_time(campaign.closes_at),
        "endedAt": campaign.ended_at.map(api_time),
        "holdSeconds": campaign.hold.num_seconds(),
        "createdBy": campaign.created_by,
        "createdAt": api_time(campaign.created_at),
        "reason": campaign.reason,
        "hash": commitment.map(|commitment| HEXLOWER.encode(&commitment.hash())),
        "publicKey": commitment.map(|commitment| HEXLOWER.encode(&commitment.public_key)),
        "salt": commitment.map(|commitment| HEXLOWER.encode(&commitment.salt)),
        "guarantee": commitment.map(|commitment| match commitment.beacon_round {
            Some(_) => "PUBLIC_RANDOMNESS",
            None => "COMMITMENT_ONLY",
        }),
        "beacon": commitment.and_then(|commitment| commitment.beacon_round).map(|round| json!({
            "network": beacon::NETWORK,
            "round": round,
            "at": api_time(beacon::round_time(round)),
            "url": beacon::round_url(round),
            "signature": campaign.beacon_signature.map(|signature| HEXLOWER.encode(&signature)),
        })),
        "seed": revealed.as_ref().map(|revealed| HEXLOWER.encode(&revealed.drawing.seed)),
        "shares": revealed.as_ref().map(|revealed| amounts(revealed.drawing.shares())),
        "claims": revealed.as_ref().map(|revealed| revealed.claims.iter().map(claim).collect::<Vec<_>>()),
    })
}

/// Reads a file, or standard input if no file is given or the name is `-`. Skips a byte order mark.
///
/// # Errors
/// The file or standard input cannot be read as text.
pub fn read_text(file: Option<&Path>) -> anyhow::Result<String> {
    let text = match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("Cannot read {}", file.display()))?,
        None => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("Cannot read standard input as text")?;
            text
        }
    };
    Ok(without_byte_order_mark(&text).to_owned())
}

/// Parses a draw: the object itself, or a complete API response with the object in `data.wordDraw`.
///
/// # Errors
/// The text is not a draw, or its seed is not published.
pub fn read(text: &str) -> anyhow::Result<PublishedDraw> {
    let mut value: Value = serde_json::from_str(without_byte_order_mark(text)).context("The draw is not JSON")?;
    if !value["data"]["wordDraw"].is_null() {
        value = value["data"]["wordDraw"].take();
    }
    let published = Published::deserialize(value).context(
        "The draw requires amount, shareCount, split, opensAt, hash, publicKey, salt, beacon { round signature } and seed, and \
         should have shares, claimedCount, claimedAmount and claims { number claimant place amount }, as returned by wordDraw",
    )?;
    let Some(seed) = published.seed else {
        bail!(
            "The seed is not published: the campaign is not over, or its public randomness was never entered. Try again after its end."
        );
    };
    let split = Split::ALL.into_iter().find(|split| split.name() == published.split);
    let claims = published
        .claims
        .map(|claims| claims.into_iter().map(Claim::read).collect());
    let claims: Option<Vec<_>> = claims.transpose()?;
    let shares = published
        .shares
        .map(|shares| shares.iter().map(|share| amount(share)).collect());
    let signature = published.beacon.as_ref().and_then(|beacon| beacon.signature.as_deref());
    Ok(PublishedDraw {
        commitment: Commitment {
            public_key: bytes(&published.public_key, "publicKey")?,
            salt: bytes(&published.salt, "salt")?,
            amount: amount(&published.amount)?,
            share_count: published.share_count,
            split: split.with_context(|| format!("split must be FIXED or RANDOM, not {:?}", published.split))?,
            beacon_round: published.beacon.as_ref().map(|beacon| beacon.round),
        },
        hash: bytes(&published.hash, "hash")?,
        opens_at: published.opens_at,
        beacon_signature: signature
            .map(|signature| bytes(signature, "beacon.signature"))
            .transpose()?,
        seed: bytes(&seed, "seed")?,
        shares: shares.transpose()?,
        claimed_count: match (&claims, published.claimed_count) {
            (_, Some(count)) => count,
            (None, None) => 0,
            (Some(_), None) => {
                bail!("claimedCount is missing: it is required to check that the claims are complete")
            }
        },
        claimed_amount: published.claimed_amount.map(|text| amount(&text)).transpose()?,
        claims,
    })
}

impl Claim {
    fn read(self) -> anyhow::Result<PublishedClaim> {
        Ok(PublishedClaim {
            number: self.number,
            claimant: bytes(&self.claimant, "claimant")?,
            place: self.place,
            amount: amount(&self.amount)?,
        })
    }
}

fn amount(text: &str) -> anyhow::Result<Decimal> {
    parse_decimal(text).with_context(|| format!("{text:?} is not an amount such as \"1.2300\""))
}

/// Parses `N` bytes in hexadecimal.
pub fn bytes<const N: usize>(text: &str, name: &str) -> anyhow::Result<[u8; N]> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| anyhow!("{name} is not {} hexadecimal digits", N * 2))
}
