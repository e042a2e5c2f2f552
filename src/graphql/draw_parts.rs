//! Types of a word draw that both APIs use.

use async_graphql::{Enum, SimpleObject};
use data_encoding::HEXLOWER;

use super::scalars::{DateTime, Decimal};
use crate::domain::beacon;
use crate::domain::word::WordCampaign;
use crate::domain::word_commitment::{Commitment, PublishedClaim};

/// Guarantee that a word draw gives to users who noted its hash before the public randomness was available.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(in crate::graphql) enum DrawGuarantee {
    /// No one could choose the shares, including the operator: they follow from public randomness published after the
    /// hash.
    PublicRandomness,
    /// Nothing was changed after the campaign was created. The operator could have generated several draws before and
    /// kept one.
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

/// Public randomness of a draw: a round of the drand network, signed jointly by independent organisations.
#[derive(SimpleObject)]
pub(in crate::graphql) struct DrawBeacon {
    /// Name of the network, always `drand quicknet`.
    network: &'static str,
    /// Number of the round, fixed when the campaign was created.
    round: i64,
    /// Time of the round. Its signature cannot be known earlier.
    at: DateTime,
    /// Address at which drand publishes the round.
    url: String,
    /// Signature of the round in 96 hexadecimal digits; null until an operator has entered it.
    signature: Option<String>,
}

impl DrawBeacon {
    /// Returns the beacon of a campaign; `None` if it was created without one.
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
    /// Number of the claim in the order of claims, from 1.
    number: i32,
    /// SHA-256 of the proof that the user received with the award, in 64 hexadecimal digits.
    claimant: String,
    /// Place in draw order, from 1: the first free place, counted from the place derived from the claimant.
    place: i32,
    /// Amount of the share at that place.
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
