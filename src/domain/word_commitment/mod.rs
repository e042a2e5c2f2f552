//! Verifiable draws: the shares of a word campaign and their assignment to users cannot be manipulated.
//!
//! # The draw
//! Each campaign has its own key pair and a random salt. When it is created, the following is fixed and published: the
//! public key, the salt, the amount, the number of shares, the kind of split, and the round of the public randomness
//! ([`beacon`](super::beacon)). SHA-256 over these lines is the **hash** of the draw, which participants can note down
//! (see [`Commitment::hash`]).
//!
//! The round lies after the creation and before the opening. Once it exists, operators enter its signature, of which
//! there is exactly one. The rest follows from unique BLS signatures with the key of the campaign:
//!
//! - the **seed** is the signature of `newbee word draw 2 shares`, the hash and the signature of the round
//!   ([`Drawing::seed`]). [`draw_shares`] derives the shares from it. It is published when the campaign is over or all
//!   shares are claimed;
//! - the **proof** of a user is the signature of `newbee word draw 2 claim`, the hash, the signature of the round and
//!   the user ID ([`Drawing::claim`]). The user receives it with the award. SHA-256 of the proof is the **claimant**,
//!   which is published instead of the user ID, and which determines where the search for a free place begins
//!   ([`first_place`]).
//!
//! # Threat model
//! - **Operator.** Before the round exists, trying many keys or salts has no benefit: each gives equally unpredictable
//!   shares. After the round exists, the hash is fixed for everyone who noted it before. So the shares cannot be
//!   chosen. Remaining risk: after the round, a holder of the draw key can compute the place of any user ID, and claim
//!   with a suitable account. The list of claims shows the number of claims; it cannot show which users collude with
//!   the operator.
//! - **Reader of the database or of a backup.** The key is derived from `NEWBEE_DRAW_KEY`, which is not in the
//!   database, and no amount is stored before it is claimed. So nothing can be learned about unclaimed shares.
//! - **Participants.** The time of a claim makes no difference: the place follows from the user ID, and the amount at
//!   that place is unknown. Nothing published identifies a user: without the key of the campaign a proof cannot be
//!   computed from a user ID.
//! - **Beacon.** A majority of the organisations that run drand would have to conspire with the operator.
//!
//! Without a round (for example, if the campaign opens at once) only this is proven: nothing was changed after the
//! campaign was created, and places follow from user IDs. The operator may have tried many keys and chosen one with
//! favourable shares.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::OnceLock;

use data_encoding::HEXLOWER;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::beacon;
use super::bls::{self, PublicKeyBytes, SignatureBytes, SigningKey};
use super::id::UserId;
use super::money::wire_amount;
use super::word::Split;
use super::word_draw::{FreePlaces, draw_shares, first_place};

/// The fixed terms of a draw, published when the campaign is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    pub public_key: PublicKeyBytes,
    pub salt: [u8; 32],
    pub amount: Decimal,
    pub share_count: i32,
    pub split: Split,
    /// Round of the public randomness; `None` for a draw without public randomness.
    pub beacon_round: Option<i64>,
}

impl Commitment {
    /// Returns SHA-256 of this text, each line terminated by a line feed: `newbee word draw 2`, the public key and the
    /// salt in lowercase hexadecimal, the amount with four decimal places, the number of shares, `FIXED` or `RANDOM`,
    /// and `drand quicknet` with the number of the round, or `no beacon`.
    pub fn hash(&self) -> [u8; 32] {
        let beacon = match self.beacon_round {
            Some(round) => format!("{} {round}", beacon::NETWORK),
            None => "no beacon".to_owned(),
        };
        let mut hash = Sha256::new();
        for line in [
            "newbee word draw 2",
            &HEXLOWER.encode(&self.public_key),
            &HEXLOWER.encode(&self.salt),
            &wire_amount(self.amount),
            &self.share_count.to_string(),
            self.split.name(),
            &beacon,
        ] {
            hash.update(line);
            hash.update("\n");
        }
        hash.finalize().into()
    }

    /// Returns the message whose signature is the seed, or the proof of a claimant.
    fn message(&self, of: &str, beacon_signature: Option<&SignatureBytes>, claimant: Option<UserId>) -> String {
        let mut text = format!("newbee word draw 2 {of}\n{}\n", HEXLOWER.encode(&self.hash()));
        match beacon_signature {
            Some(signature) => text.push_str(&HEXLOWER.encode(signature)),
            None => text.push_str("no beacon"),
        }
        text.push('\n');
        if let Some(user) = claimant {
            let _ = writeln!(text, "{}", user.0);
        }
        text
    }
}

/// A determined draw: its key is available, and its public randomness if it needs any.
#[derive(Debug)]
pub struct Drawing {
    commitment: Commitment,
    beacon_signature: Option<SignatureBytes>,
    key: SigningKey,
    /// Signature that determines the shares. Secret until the campaign is over.
    pub seed: SignatureBytes,
    shares: OnceLock<Vec<Decimal>>,
}

/// Claim of a user, as determined by the draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimProof {
    /// Known only to the user; its hash is the claimant.
    pub proof: SignatureBytes,
    /// Published instead of the user ID.
    pub claimant: [u8; 32],
    /// Place at which the search for a free place begins, from 1.
    pub first_place: i32,
}

impl Drawing {
    /// Creates the draw of a commitment. The beacon signature is required if the commitment names a round.
    pub fn new(commitment: &Commitment, key: SigningKey, beacon_signature: Option<SignatureBytes>) -> Self {
        let seed = key.sign(commitment.message("shares", beacon_signature.as_ref(), None).as_bytes());
        Self {
            shares: OnceLock::new(),
            commitment: commitment.clone(),
            beacon_signature,
            key,
            seed,
        }
    }

    /// Returns the shares in the order of their places, secret until the campaign is over. They are computed on the
    /// first call.
    pub fn shares(&self) -> &[Decimal] {
        self.shares.get_or_init(|| shares_of(&self.commitment, &self.seed))
    }

    /// Returns the claim of a user.
    pub fn claim(&self, user: UserId) -> ClaimProof {
        let message = self
            .commitment
            .message("claim", self.beacon_signature.as_ref(), Some(user));
        let proof = self.key.sign(message.as_bytes());
        let claimant = Sha256::digest(proof).into();
        ClaimProof {
            proof,
            claimant,
            first_place: first_place(&claimant, self.commitment.share_count),
        }
    }
}

fn shares_of(commitment: &Commitment, seed: &SignatureBytes) -> Vec<Decimal> {
    let Commitment {
        amount,
        share_count,
        split,
        ..
    } = *commitment;
    draw_shares(amount, share_count, split, Sha256::digest(seed).into())
}

/// A claim as it is published, without the user ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedClaim {
    /// Number of the claim in chronological order, from 1.
    pub number: i32,
    pub claimant: [u8; 32],
    /// Place among the shares, from 1.
    pub place: i32,
    pub amount: Decimal,
}

/// A draw as it is published after the end of the campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedDraw {
    pub commitment: Commitment,
    pub hash: [u8; 32],
    pub opens_at: chrono::DateTime<chrono::Utc>,
    pub beacon_signature: Option<SignatureBytes>,
    pub seed: SignatureBytes,
    /// `None` if not given; they are then computed from the seed.
    pub shares: Option<Vec<Decimal>>,
    pub claimed_count: i32,
    pub claimed_amount: Option<Decimal>,
    /// All claims in chronological order; `None` if not given.
    pub claims: Option<Vec<PublishedClaim>>,
}

/// Mismatch between a published draw and its commitment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawMismatch {
    #[error("the commitment hash is {found}, but {promised} was published: the terms of the draw were changed")]
    Hash { promised: String, found: String },
    #[error("round {round} of the public randomness is after the opening of the campaign")]
    RoundTooLate { round: i64 },
    #[error("the signature of round {round} of the public randomness is missing")]
    BeaconMissing { round: i64 },
    #[error("the signature is not that of round {round} of the public randomness")]
    BeaconForged { round: i64 },
    #[error("there is a signature of public randomness, but the commitment has no round")]
    BeaconNotPromised,
    #[error("the seed is not the signature of this draw by its public key: the shares were chosen, not drawn")]
    Seed,
    #[error("there are {found} shares, but {promised} were committed")]
    Count { promised: i32, found: usize },
    #[error("the shares add up to {found}, but {promised} was committed")]
    Sum { promised: String, found: String },
    #[error("share {place} is {found}, but the seed determines {drawn}: the shares were chosen, not drawn")]
    Share { place: usize, drawn: String, found: String },
    #[error("there are {found} claims in the list, but {promised} were counted")]
    ClaimCount { promised: i32, found: usize },
    #[error("claim {number} is at position {position} of the list")]
    ClaimOrder { number: i32, position: usize },
    #[error("claim {number} has a claimant with an earlier claim")]
    ClaimedTwice { number: i32 },
    #[error("claim {number} took place {found}, but the first free place for its claimant was {free}")]
    ClaimPlace { number: i32, found: i32, free: i32 },
    #[error("claim {number} was paid {found}, but the share of its place is {drawn}")]
    ClaimAmount { number: i32, drawn: String, found: String },
    #[error("the claims add up to {found}, but {promised} was counted")]
    ClaimSum { promised: String, found: String },
    #[error("the proof is not valid for user {user} in this draw")]
    ProofForged { user: i64 },
    #[error("user {user} is not in the list of claims")]
    ProofUnlisted { user: i64 },
}

impl PublishedDraw {
    /// Verifies the draw against its commitment.
    ///
    /// # Errors
    /// Returns the first mismatch.
    pub fn verify(&self) -> Result<(), DrawMismatch> {
        let found = self.commitment.hash();
        if found != self.hash {
            return Err(DrawMismatch::Hash {
                promised: HEXLOWER.encode(&self.hash),
                found: HEXLOWER.encode(&found),
            });
        }
        self.verify_beacon()?;
        let message = self.commitment.message("shares", self.beacon_signature.as_ref(), None);
        if !bls::is_valid(&self.commitment.public_key, message.as_bytes(), &self.seed) {
            return Err(DrawMismatch::Seed);
        }
        let drawn = shares_of(&self.commitment, &self.seed);
        self.verify_shares(&drawn)?;
        self.claims
            .as_ref()
            .map_or(Ok(()), |claims| self.verify_claims(claims, &drawn))
    }

    fn verify_beacon(&self) -> Result<(), DrawMismatch> {
        match (self.commitment.beacon_round, &self.beacon_signature) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(DrawMismatch::BeaconNotPromised),
            (Some(round), _) if beacon::round_time(round) > self.opens_at => Err(DrawMismatch::RoundTooLate { round }),
            (Some(round), None) => Err(DrawMismatch::BeaconMissing { round }),
            (Some(round), Some(signature)) if !beacon::is_signature_of(round, signature) => {
                Err(DrawMismatch::BeaconForged { round })
            }
            (Some(_), Some(_)) => Ok(()),
        }
    }

    fn verify_shares(&self, drawn: &[Decimal]) -> Result<(), DrawMismatch> {
        let shares = self.shares.as_deref().unwrap_or(drawn);
        if usize::try_from(self.commitment.share_count) != Ok(shares.len()) {
            return Err(DrawMismatch::Count {
                promised: self.commitment.share_count,
                found: shares.len(),
            });
        }
        let sum: Decimal = shares.iter().sum();
        if sum != self.commitment.amount {
            return Err(DrawMismatch::Sum {
                promised: wire_amount(self.commitment.amount),
                found: wire_amount(sum),
            });
        }
        let mut pairs = shares.iter().zip(drawn).enumerate();
        match pairs.find(|(_, (found, drawn))| found != drawn) {
            None => Ok(()),
            Some((index, (found, drawn))) => Err(DrawMismatch::Share {
                place: index + 1,
                drawn: wire_amount(*drawn),
                found: wire_amount(*found),
            }),
        }
    }

    fn verify_claims(&self, claims: &[PublishedClaim], drawn: &[Decimal]) -> Result<(), DrawMismatch> {
        if usize::try_from(self.claimed_count) != Ok(claims.len()) || claims.len() > drawn.len() {
            return Err(DrawMismatch::ClaimCount {
                promised: self.claimed_count,
                found: claims.len(),
            });
        }
        let mut free = FreePlaces::all(self.commitment.share_count);
        let mut seen = HashSet::with_capacity(claims.len());
        for (index, claim) in claims.iter().enumerate() {
            let number = claim.number;
            if usize::try_from(number) != Ok(index + 1) {
                return Err(DrawMismatch::ClaimOrder {
                    number,
                    position: index + 1,
                });
            }
            if !seen.insert(claim.claimant) {
                return Err(DrawMismatch::ClaimedTwice { number });
            }
            let first = first_place(&claim.claimant, self.commitment.share_count);
            let place = free.take(first).expect("there are no more claims than places");
            if place != claim.place {
                return Err(DrawMismatch::ClaimPlace {
                    number,
                    found: claim.place,
                    free: place,
                });
            }
            let share = drawn[place as usize - 1];
            if share != claim.amount {
                return Err(DrawMismatch::ClaimAmount {
                    number,
                    drawn: wire_amount(share),
                    found: wire_amount(claim.amount),
                });
            }
        }
        let sum: Decimal = claims.iter().map(|claim| claim.amount).sum();
        match self.claimed_amount.filter(|promised| *promised != sum) {
            Some(promised) => Err(DrawMismatch::ClaimSum {
                promised: wire_amount(promised),
                found: wire_amount(sum),
            }),
            None => Ok(()),
        }
    }

    /// Verifies that a proof belongs to a user ID in this draw, and returns the user's claim.
    ///
    /// # Errors
    /// If the proof is not valid for the user ID, or the list contains no claim of the user.
    pub fn verify_proof(&self, user: UserId, proof: &SignatureBytes) -> Result<&PublishedClaim, DrawMismatch> {
        let message = self
            .commitment
            .message("claim", self.beacon_signature.as_ref(), Some(user));
        if !bls::is_valid(&self.commitment.public_key, message.as_bytes(), proof) {
            return Err(DrawMismatch::ProofForged { user: user.0 });
        }
        let claimant: [u8; 32] = Sha256::digest(proof).into();
        let mut claims = self.claims.iter().flatten();
        claims
            .find(|claim| claim.claimant == claimant)
            .ok_or(DrawMismatch::ProofUnlisted { user: user.0 })
    }
}

#[cfg(test)]
mod tests;
