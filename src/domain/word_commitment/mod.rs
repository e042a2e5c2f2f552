//! Why nobody can choose the shares of a word campaign, nor whose share is large.
//!
//! # The draw
//! A campaign has a key pair of its own and a random salt. When it is made, the following is fixed and public: the public key, the
//! salt, amount, number of shares and kind of split, and the round of the public randomness [`beacon`](super::beacon). SHA-256 over
//! these lines is the **hash** of the draw, which participants note down (see [`Commitment::hash`]).
//!
//! The round lies in the future at that time and before the opening. Once it exists, ops enter its signature, which only that
//! round can have. Then everything follows from unique BLS signatures with the key of the campaign:
//!
//! - the **seed** is the signature of `newbee word draw 2 shares`, the hash and the signature of the round ([`Drawing::seed`]).
//!   [`draw_shares`] makes the shares of it. It is published when the campaign is over or all shares are claimed;
//! - the **proof** of a user is the signature of `newbee word draw 2 claim`, the hash, the signature of the round and the user's id
//!   ([`Drawing::claim`]). The user gets it with the award. SHA-256 of the proof is the **claimant**, which is published in place of
//!   the user id, and from which the search for a free place begins ([`first_place`]).
//!
//! # Threat model
//! - **Operator.** Before the round exists, trying many keys or salts is of no use: each gives shares as unpredictable as any other.
//!   After the round exists, the hash is fixed for everybody who noted it before. So the shares cannot be chosen. What remains: who
//!   holds the draw key can compute, after the round, which place a user id would get, and claim with a suitable account of their
//!   own. The list of claims shows how many there were; it cannot show who is a friend of the operator.
//! - **Reader of the database or of a backup.** The key is derived from `NEWBEE_DRAW_KEY`, which the database does not hold, and no
//!   amount is stored before it is claimed. So nothing can be known about shares that are not claimed yet.
//! - **Participants.** Being early, late or quick makes no difference: the place follows from the user id, and which amount lies there
//!   is unknown. Nothing published identifies a user: without the key of the campaign a proof cannot be computed from a user id.
//! - **The beacon.** A majority of the organisations that run drand would have to conspire with the operator.
//!
//! Without a round (the campaign opens at once, say) only this is proven: nothing was changed after the campaign was made, and
//! places follow from user ids. The operator may then have tried many keys and kept the one whose shares suited them.

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

/// Everything that is fixed and published when a campaign is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    pub public_key: PublicKeyBytes,
    pub salt: [u8; 32],
    pub amount: Decimal,
    pub share_count: i32,
    pub split: Split,
    /// Round of the public randomness; `None`: the draw has none.
    pub beacon_round: Option<i64>,
}

impl Commitment {
    /// Returns SHA-256 of this text, each line ended by a line feed: `newbee word draw 2`, the public key and the salt in
    /// lower-case hexadecimal digits, the amount with four decimal places, the number of shares, `FIXED` or `RANDOM`, and
    /// `drand quicknet` with the number of the round, or `no beacon`.
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

/// A draw whose shares are determined: its key is known, and its public randomness where it has any.
#[derive(Debug)]
pub struct Drawing {
    commitment: Commitment,
    beacon_signature: Option<SignatureBytes>,
    key: SigningKey,
    /// The signature that determines the shares. Secret until the campaign is over.
    pub seed: SignatureBytes,
    shares: OnceLock<Vec<Decimal>>,
}

/// The claim of a user as it follows from the draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimProof {
    /// The user's own; computes to the claimant.
    pub proof: SignatureBytes,
    /// Published in place of the user id.
    pub claimant: [u8; 32],
    /// Where the search for a free place begins, from 1.
    pub first_place: i32,
}

impl Drawing {
    /// Draws. The beacon signature must be there where the commitment names a round.
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

    /// Returns the shares in the order of their places, which are secret until the campaign is over. The first call computes them.
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

/// A claim as it is published: who made it is known to the user alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedClaim {
    /// In the order of claims, from 1.
    pub number: i32,
    pub claimant: [u8; 32],
    /// The place among the shares, from 1.
    pub place: i32,
    pub amount: Decimal,
}

/// A draw as it is published after the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedDraw {
    pub commitment: Commitment,
    pub hash: [u8; 32],
    pub opens_at: chrono::DateTime<chrono::Utc>,
    pub beacon_signature: Option<SignatureBytes>,
    pub seed: SignatureBytes,
    /// `None`: not given, and computed from the seed.
    pub shares: Option<Vec<Decimal>>,
    pub claimed_count: i32,
    pub claimed_amount: Option<Decimal>,
    /// All claims in their order; `None`: not given.
    pub claims: Option<Vec<PublishedClaim>>,
}

/// Why a published draw is not what was promised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawMismatch {
    #[error(
        "the hash of what was fixed at the beginning is {found}, and {promised} was published: something was changed since"
    )]
    Hash { promised: String, found: String },
    #[error("round {round} of the public randomness is after the opening of the campaign")]
    RoundTooLate { round: i64 },
    #[error("the signature of round {round} of the public randomness is missing")]
    BeaconMissing { round: i64 },
    #[error("the signature is not that of round {round} of the public randomness")]
    BeaconForged { round: i64 },
    #[error("there is a signature of public randomness, and none was promised")]
    BeaconNotPromised,
    #[error("the seed is not the signature of this draw by its public key: the shares were not drawn, but chosen")]
    Seed,
    #[error("there are {found} shares, and {promised} were promised")]
    Count { promised: i32, found: usize },
    #[error("the shares add up to {found}, and {promised} was promised")]
    Sum { promised: String, found: String },
    #[error("share {place} is {found}, and the seed draws {drawn}: the shares were not drawn, but chosen")]
    Share { place: usize, drawn: String, found: String },
    #[error("there are {found} claims in the list, and {promised} were counted")]
    ClaimCount { promised: i32, found: usize },
    #[error("claim {number} stands at position {position} of the list")]
    ClaimOrder { number: i32, position: usize },
    #[error("claim {number} is of a claimant who had claimed before")]
    ClaimedTwice { number: i32 },
    #[error("claim {number} took place {found}, and the first free place for its claimant was {free}")]
    ClaimPlace { number: i32, found: i32, free: i32 },
    #[error("claim {number} was paid {found}, and the share of its place is {drawn}")]
    ClaimAmount { number: i32, drawn: String, found: String },
    #[error("the claims add up to {found}, and {promised} was counted")]
    ClaimSum { promised: String, found: String },
    #[error("the proof is not that of user {user} in this draw")]
    ProofForged { user: i64 },
    #[error("user {user} is not in the list of claims")]
    ProofUnlisted { user: i64 },
}

impl PublishedDraw {
    /// Checks everything that was promised.
    ///
    /// # Errors
    /// The first thing that is not as promised.
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

    /// Checks that a user's proof is the one of their id in this draw, and returns their claim.
    ///
    /// # Errors
    /// When the proof is another one, or no claim of the list is theirs.
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
