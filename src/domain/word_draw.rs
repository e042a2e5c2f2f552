//! The draw of a word campaign: its shares, and the commitment by which anybody can check them afterwards.
//!
//! Everything follows from a secret nonce of 256 random bits. Published from the beginning is the hash; nonce and shares are
//! told after the end. Whoever has them can check two things: that the hash is theirs, so nothing was changed since, and that
//! the shares are those that the nonce draws, so nobody chose them.
//!
//! The hash is SHA-256 over this text, in UTF-8, each line ended by a line feed: `newbee word draw 1`, the nonce in 64
//! lower-case hexadecimal digits, then each share in its order with four decimal places. A shell does it by
//! `printf 'newbee word draw 1\n…nonce…\n1.2300\n0.7700\n' | sha256sum`.

use std::collections::HashSet;

use data_encoding::HEXLOWER;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::money::wire_amount;
use super::word::Split;

/// The smallest part of an amount, 0.0001: amounts are counted in it.
const PLACES: u32 = 4;
/// Random shares are whole cents where the amount is.
const CENT: u64 = 100;

/// A draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    pub nonce: [u8; 32],
    /// In the order in which they are claimed.
    pub shares: Vec<Decimal>,
}

/// What is told of a draw after the end, as whoever checks it has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedDraw {
    pub hash: [u8; 32],
    pub amount: Decimal,
    pub share_count: i32,
    pub split: Split,
    pub draw: Draw,
}

/// Why a published draw is not what was promised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawMismatch {
    #[error("there are {found} shares, and {promised} were promised")]
    Count { promised: i32, found: usize },
    #[error("the shares add up to {found}, and {promised} was promised")]
    Sum { promised: String, found: String },
    #[error("the hash of nonce and shares is {found}, and {promised} was published: something was changed since")]
    Hash { promised: String, found: String },
    #[error("share {number} is {found}, and the nonce draws {drawn}: the shares were not drawn, but chosen")]
    Share {
        number: usize,
        drawn: String,
        found: String,
    },
}

impl Draw {
    /// Draws the shares of an amount. The amount is above zero, has four places at most, and at least 0.0001 for each of at
    /// least one share, as [`WordTerms::problems`](super::word::WordTerms::problems) sees to.
    pub fn new(amount: Decimal, share_count: i32, split: Split, nonce: [u8; 32]) -> Self {
        let total = units(amount);
        let count = share_count.max(1) as u64;
        let mut random = RandomStream::new(nonce);
        let mut shares = match split {
            Split::Fixed => equal_parts(total, count),
            Split::Random => {
                let grain = if total.is_multiple_of(CENT) && total / CENT >= count {
                    CENT
                } else {
                    1
                };
                random_parts(total / grain, count, &mut random)
                    .into_iter()
                    .map(|part| part * grain)
                    .collect()
            }
        };
        random.shuffle(&mut shares);
        Self {
            nonce,
            shares: shares
                .into_iter()
                .map(|units| Decimal::new(units as i64, PLACES))
                .collect(),
        }
    }

    /// The commitment; see the head of this file.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update("newbee word draw 1\n");
        hash.update(HEXLOWER.encode(&self.nonce));
        hash.update("\n");
        for share in &self.shares {
            hash.update(wire_amount(*share));
            hash.update("\n");
        }
        hash.finalize().into()
    }
}

impl PublishedDraw {
    /// Checks everything that was promised.
    pub fn verify(&self) -> Result<(), DrawMismatch> {
        let shares = &self.draw.shares;
        if usize::try_from(self.share_count) != Ok(shares.len()) {
            return Err(DrawMismatch::Count {
                promised: self.share_count,
                found: shares.len(),
            });
        }
        let sum: Decimal = shares.iter().sum();
        if sum != self.amount {
            return Err(DrawMismatch::Sum {
                promised: wire_amount(self.amount),
                found: wire_amount(sum),
            });
        }
        if self.draw.hash() != self.hash {
            return Err(DrawMismatch::Hash {
                promised: HEXLOWER.encode(&self.hash),
                found: HEXLOWER.encode(&self.draw.hash()),
            });
        }
        let drawn = Draw::new(self.amount, self.share_count, self.split, self.draw.nonce);
        let pairs = shares.iter().zip(&drawn.shares).enumerate();
        match pairs.into_iter().find(|(_, (found, drawn))| found != drawn) {
            None => Ok(()),
            Some((place, (found, drawn))) => Err(DrawMismatch::Share {
                number: place + 1,
                drawn: wire_amount(*drawn),
                found: wire_amount(*found),
            }),
        }
    }
}

/// An amount in units of 0.0001.
fn units(amount: Decimal) -> u64 {
    let units = amount * Decimal::from(10_u64.pow(PLACES));
    u64::try_from(units.trunc()).unwrap_or_default()
}

/// Equal parts; the first few are one unit larger where the total does not divide.
fn equal_parts(total: u64, count: u64) -> Vec<u64> {
    let (part, rest) = (total / count, total % count);
    (0..count).map(|number| part + u64::from(number < rest)).collect()
}

/// One of all ways to write the total as `count` parts of at least one unit, each as likely: as many cuts as are needed, all
/// different, anywhere between two units.
fn random_parts(total: u64, count: u64, random: &mut RandomStream) -> Vec<u64> {
    // Floyd's sampling without repetition, out of the total - 1 places between two units.
    let places = total - 1;
    let mut cuts = HashSet::with_capacity(count as usize);
    for last in places - (count - 1)..places {
        let cut = random.below(last + 1);
        if !cuts.insert(cut) {
            cuts.insert(last);
        }
    }
    let mut ends: Vec<u64> = cuts.into_iter().map(|cut| cut + 1).chain([total]).collect();
    ends.sort_unstable();
    let mut before = 0;
    ends.into_iter()
        .map(|end| end - std::mem::replace(&mut before, end))
        .collect()
}

/// Random numbers that follow from a nonce: SHA-256 of the nonce and a counter of 64 bits, big-endian, cut into numbers of 64
/// bits, big-endian.
struct RandomStream {
    nonce: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl RandomStream {
    fn new(nonce: [u8; 32]) -> Self {
        Self {
            nonce,
            counter: 0,
            block: [0; 32],
            used: 32,
        }
    }

    fn next(&mut self) -> u64 {
        if self.used == self.block.len() {
            let hash = Sha256::new()
                .chain_update(self.nonce)
                .chain_update(self.counter.to_be_bytes());
            self.block = hash.finalize().into();
            self.counter += 1;
            self.used = 0;
        }
        let bytes = &self.block[self.used..self.used + 8];
        self.used += 8;
        u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
    }

    /// A number from 0 to `bound` - 1, each as likely: what would favour some of them is drawn again.
    fn below(&mut self, bound: u64) -> u64 {
        let rest = (u64::MAX % bound + 1) % bound;
        loop {
            let number = self.next();
            if number <= u64::MAX - rest {
                return number % bound;
            }
        }
    }

    /// Fisher and Yates.
    fn shuffle(&mut self, parts: &mut [u64]) {
        for last in (1..parts.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            parts.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn nonce(number: u64) -> [u8; 32] {
        Sha256::digest(number.to_be_bytes()).into()
    }

    #[test]
    fn shares_add_up_to_the_amount_and_none_is_empty() {
        let mut stream = RandomStream::new(nonce(0));
        for round in 0..400 {
            let count = stream.below(if round % 20 == 0 { 5_000 } else { 60 }) as i32 + 1;
            let total = count as u64 + stream.below(10_u64.pow(round % 12 + 1));
            let amount = Decimal::new(total as i64, PLACES);
            for split in Split::ALL {
                let draw = Draw::new(amount, count, split, nonce(round.into()));
                assert_eq!(draw.shares.len(), count as usize);
                assert_eq!(draw.shares.iter().sum::<Decimal>(), amount, "{amount} in {count}");
                assert!(draw.shares.iter().all(|share| *share > Decimal::ZERO));
                assert_eq!(
                    draw,
                    Draw::new(amount, count, split, nonce(round.into())),
                    "the nonce is all there is"
                );
                let (least, most) = (draw.shares.iter().min(), draw.shares.iter().max());
                if split == Split::Fixed {
                    assert!(most.unwrap() - least.unwrap() <= Decimal::new(1, PLACES));
                }
            }
        }
    }

    #[test]
    fn random_shares_of_whole_cents_are_whole_cents() {
        let draw = Draw::new(amount("100"), 50, Split::Random, nonce(1));
        assert!(draw.shares.iter().all(|share| share.normalize().scale() <= 2));
        let distinct: HashSet<_> = draw.shares.iter().collect();
        assert!(distinct.len() > 25, "{:?}", draw.shares);
    }

    #[test]
    fn every_way_to_split_is_as_likely() {
        // 5 units in 3 parts: six ways, 6,000 draws, 1,000 each but for chance (standard deviation 29).
        let mut ways = std::collections::HashMap::<Vec<u64>, u32>::new();
        let mut stream = RandomStream::new(nonce(2));
        for _ in 0..6_000 {
            *ways.entry(random_parts(5, 3, &mut stream)).or_default() += 1;
        }
        assert_eq!(ways.len(), 6);
        assert!(ways.values().all(|times| (800..1_200).contains(times)), "{ways:?}");
    }

    #[test]
    fn a_published_draw_is_what_was_promised_or_not() {
        let draw = Draw::new(amount("20"), 8, Split::Random, nonce(3));
        let published = PublishedDraw {
            hash: draw.hash(),
            amount: amount("20"),
            share_count: 8,
            split: Split::Random,
            draw,
        };
        assert_eq!(published.verify(), Ok(()));
        let changed = |change: fn(&mut PublishedDraw)| {
            let mut published = published.clone();
            change(&mut published);
            published.verify().unwrap_err()
        };
        assert!(matches!(changed(|p| p.share_count = 9), DrawMismatch::Count { .. }));
        assert!(matches!(
            changed(|p| p.draw.shares[0] += Decimal::ONE),
            DrawMismatch::Sum { .. }
        ));
        assert!(matches!(changed(|p| p.draw.nonce[0] ^= 1), DrawMismatch::Hash { .. }));
        assert!(matches!(changed(|p| p.hash[0] ^= 1), DrawMismatch::Hash { .. }));
        let chosen = changed(|p| {
            p.draw.shares[0] += Decimal::new(1, 4);
            p.draw.shares[1] -= Decimal::new(1, 4);
            p.hash = p.draw.hash();
        });
        assert!(matches!(chosen, DrawMismatch::Share { number: 1, .. }), "{chosen}");
    }

    #[test]
    fn the_hash_is_what_a_shell_computes() {
        let draw = Draw {
            nonce: [0xab; 32],
            shares: vec![amount("1.23"), amount("0.77")],
        };
        let text = format!("newbee word draw 1\n{}\n1.2300\n0.7700\n", "ab".repeat(32));
        assert_eq!(draw.hash(), <[u8; 32]>::from(Sha256::digest(text)));
    }
}
