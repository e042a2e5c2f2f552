//! A published draw as JSON: written by `word show --json`, read by `word verify`, and the same as the API's `wordDraw`.

use anyhow::{Context, bail};
use data_encoding::HEXLOWER_PERMISSIVE;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::money::{parse_decimal, wire_amount};
use crate::domain::text::without_byte_order_mark;
use crate::domain::word::{Split, WordCampaign};
use crate::domain::word_draw::{Draw, PublishedDraw};

/// What `verify` looks at; other fields may stand beside it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    amount: String,
    share_count: i32,
    split: String,
    hash: String,
    nonce: Option<String>,
    shares: Option<Vec<String>>,
}

/// A campaign, with its draw where it can be told.
pub fn campaign(campaign: &WordCampaign, draw: Option<&PublishedDraw>) -> Value {
    json!({
        "id": format!("word_{}", campaign.id),
        "word": campaign.word,
        "amount": wire_amount(campaign.amount),
        "coinId": campaign.coin_id,
        "shareCount": campaign.share_count,
        "claimedCount": campaign.used_count,
        "claimedAmount": wire_amount(campaign.used_amount),
        "split": campaign.split.name(),
        "opensAt": campaign.opens_at,
        "closesAt": campaign.closes_at,
        "endedAt": campaign.ended_at,
        "createdBy": campaign.created_by,
        "reason": campaign.reason,
        "hash": HEXLOWER_PERMISSIVE.encode(&campaign.draw_hash),
        "nonce": draw.map(|draw| HEXLOWER_PERMISSIVE.encode(&draw.draw.nonce)),
        "shares": draw.map(|draw| draw.draw.shares.iter().copied().map(wire_amount).collect::<Vec<_>>()),
    })
}

/// Reads a draw: the object itself, or a whole reply of the API with the object in `data.wordDraw`.
pub fn read(text: &str) -> anyhow::Result<PublishedDraw> {
    let mut value: Value = serde_json::from_str(without_byte_order_mark(text)).context("The draw is not JSON")?;
    if !value["data"]["wordDraw"].is_null() {
        value = value["data"]["wordDraw"].take();
    }
    let published = Published::deserialize(value)
        .context("The draw needs amount, shareCount, split, hash, nonce and shares, as wordDraw answers them")?;
    let (Some(nonce), Some(shares)) = (published.nonce, published.shares) else {
        bail!("Nonce and shares are not told yet: the campaign goes on. Try again after its end.");
    };
    let amount = |text: &str| -> anyhow::Result<Decimal> {
        parse_decimal(text).with_context(|| format!("{text:?} is not an amount such as \"1.2300\""))
    };
    let split = Split::ALL.into_iter().find(|split| split.name() == published.split);
    Ok(PublishedDraw {
        hash: bytes(&published.hash, "hash")?,
        amount: amount(&published.amount)?,
        share_count: published.share_count,
        split: split.with_context(|| format!("split is FIXED or RANDOM, not {:?}", published.split))?,
        draw: Draw {
            nonce: bytes(&nonce, "nonce")?,
            shares: shares.iter().map(|share| amount(share)).collect::<Result<_, _>>()?,
        },
    })
}

fn bytes(text: &str, name: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .with_context(|| format!("{name} is not 64 hexadecimal digits"))
}
