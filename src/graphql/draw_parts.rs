//! Parts of a word draw that both APIs show.

use async_graphql::{Enum, SimpleObject};
use data_encoding::HEXLOWER;

use super::scalars::{DateTime, Decimal};
use crate::domain::beacon;
use crate::domain::word::WordCampaign;
use crate::domain::word_commitment::{Commitment, PublishedClaim};

/// What the draw of a word campaign proves to people who noted its hash before the public randomness existed.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(in crate::graphql) enum DrawGuarantee {
    /// Nobody could choose the shares, not even the operator: they follow from public randomness that came after the hash.
    PublicRandomness,
    /// Nothing was changed after the campaign was made. The operator could have tried several draws before and kept one.
    CommitmentOnly,
}

impl From<&Commitment> for DrawGuarantee {
    fn from(commitment: &Commitment) -> Self {
        match commitment.beacon_round {
            Some(_) => Self::PublicRandomness,
            None => Self::CommitmentOnly,
        }
    }
}

/// The public randomness of a draw: a round of the drand network, which independent organisations sign together.
#[derive(SimpleObject)]
pub(in crate::graphql) struct DrawBeacon {
    /// The network, which is always `drand quicknet`.
    network: &'static str,
    /// The number of the round, fixed when the campaign was made.
    round: i64,
    /// When the round is signed. Nobody can know its signature before.
    at: DateTime,
    /// The address at which drand publishes the round.
    url: String,
    /// The signature of the round in 96 hexadecimal digits; null until ops have entered it.
    signature: Option<String>,
}

impl DrawBeacon {
    /// Returns the beacon of a campaign; `None` when it was made without.
    pub fn of(campaign: &WordCampaign) -> Option<Self> {
        let round = campaign.commitment.as_ref()?.beacon_round?;
        Some(Self {
            network: beacon::NETWORK,
            round,
            at: DateTime(beacon::round_time(round)),
            url: beacon::round_url(round),
            signature: campaign.beacon_signature.map(|signature| HEXLOWER.encode(&signature)),
        })
    }
}

/// A claim of a share. Its user is not named.
#[derive(SimpleObject)]
pub(in crate::graphql) struct DrawClaim {
    /// The number of the claim in the order of claims, from 1.
    number: i32,
    /// SHA-256 of the proof that the user got with the award, in 64 hexadecimal digits.
    claimant: String,
    /// The place among the shares, from 1: the first one that was free, counted from the one that the claimant leads to.
    place: i32,
    /// The share of that place.
    amount: Decimal,
}

impl From<PublishedClaim> for DrawClaim {
    fn from(claim: PublishedClaim) -> Self {
        Self {
            number: claim.number,
            claimant: HEXLOWER.encode(&claim.claimant),
            place: claim.place,
            amount: Decimal(claim.amount),
        }
    }
}
