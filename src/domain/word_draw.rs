//! The shares of a word campaign, drawn from a seed, and the assignment of places to claims.
//!
//! All results are functions of the seed and the claimants; [`word_commitment`](super::word_commitment) explains how
//! the seed is determined so that it cannot be chosen.

use std::collections::HashSet;

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::word::Split;

/// Decimal places of an amount: the unit is 0.0001.
const PLACES: u32 = 4;
/// Units per cent. Random shares are whole cents if the amount is.
const CENT: u64 = 100;

/// Draws the shares of an amount, in the order of their places. The amount must be above zero, have at most four
/// decimal places, and allow at least 0.0001 for each share, as
/// [`WordTerms::problems`](super::word::WordTerms::problems) checks.
pub fn draw_shares(amount: Decimal, share_count: i32, split: Split, seed: [u8; 32]) -> Vec<Decimal> {
    let total = units(amount);
    let count = share_count.max(1) as u64;
    let mut random = RandomStream::new(seed);
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
    shares
        .into_iter()
        .map(|units| Decimal::new(units as i64, PLACES))
        .collect()
}

/// Returns the place at which the search for a free place begins for a claimant, from 1: the first 16 bytes of the
/// claimant as a big-endian number, modulo the number of shares. The claim takes the first free place from there on,
/// wrapping around.
pub fn first_place(claimant: &[u8; 32], share_count: i32) -> i32 {
    let (high, _) = claimant.split_at(16);
    let number = u128::from_be_bytes(high.try_into().expect("sixteen bytes"));
    // The remainder is below share_count, so it fits; 128 bits make its bias negligible.
    (number % share_count.max(1) as u128) as i32 + 1
}

/// The free places, for replaying claims in chronological order.
pub struct FreePlaces {
    /// For each place, from 0, a place at or after it that may be free; the last index means that none is free after
    /// it.
    next: Vec<usize>,
}

impl FreePlaces {
    /// Returns all places of a campaign as free.
    pub fn all(share_count: i32) -> Self {
        Self {
            next: (0..=usize::try_from(share_count).unwrap_or_default()).collect(),
        }
    }

    /// Takes the first free place from `first` on, both counted from 1; `None` if all are taken.
    pub fn take(&mut self, first: i32) -> Option<i32> {
        let count = self.next.len() - 1;
        let from = usize::try_from(first)
            .ok()?
            .checked_sub(1)
            .filter(|from| *from < count)?;
        let mut place = self.find(from);
        if place == count {
            place = self.find(0);
        }
        if place == count {
            return None;
        }
        self.next[place] = place + 1;
        i32::try_from(place + 1).ok()
    }

    fn find(&mut self, from: usize) -> usize {
        let mut end = from;
        while self.next[end] != end {
            end = self.next[end];
        }
        let mut place = from;
        while self.next[place] != end && place != end {
            place = std::mem::replace(&mut self.next[place], end);
        }
        end
    }
}

/// An amount in units of 0.0001.
fn units(amount: Decimal) -> u64 {
    let units = amount * Decimal::from(10_u64.pow(PLACES));
    u64::try_from(units.trunc()).unwrap_or_default()
}

/// Splits a total into equal parts; if it is not divisible, the first parts are one unit larger.
fn equal_parts(total: u64, count: u64) -> Vec<u64> {
    let (part, rest) = (total / count, total % count);
    (0..count).map(|number| part + u64::from(number < rest)).collect()
}

/// Splits a total into `count` parts of at least one unit, uniformly over all possible splits: distinct random cuts
/// between units.
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

/// Random numbers from a seed: SHA-256 of the seed and a counter of 64 bits, big-endian, cut into numbers of 64 bits,
/// big-endian.
struct RandomStream {
    seed: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl RandomStream {
    fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            counter: 0,
            block: [0; 32],
            used: 32,
        }
    }

    fn next(&mut self) -> u64 {
        if self.used == self.block.len() {
            let hash = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.counter.to_be_bytes());
            self.block = hash.finalize().into();
            self.counter += 1;
            self.used = 0;
        }
        let bytes = &self.block[self.used..self.used + 8];
        self.used += 8;
        u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
    }

    /// Returns a uniform number from 0 to `bound` - 1, by rejection sampling.
    fn below(&mut self, bound: u64) -> u64 {
        let rest = (u64::MAX % bound + 1) % bound;
        loop {
            let number = self.next();
            if number <= u64::MAX - rest {
                return number % bound;
            }
        }
    }

    /// Shuffles uniformly (Fisher–Yates).
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

    fn seed(number: u64) -> [u8; 32] {
        Sha256::digest(number.to_be_bytes()).into()
    }

    #[test]
    fn shares_add_up_to_the_amount_and_none_is_empty() {
        let mut stream = RandomStream::new(seed(0));
        for round in 0..400 {
            let count = stream.below(if round % 20 == 0 { 5_000 } else { 60 }) as i32 + 1;
            let total = count as u64 + stream.below(10_u64.pow(round % 12 + 1));
            let amount = Decimal::new(total as i64, PLACES);
            for split in Split::ALL {
                let shares = draw_shares(amount, count, split, seed(round.into()));
                assert_eq!(shares.len(), count as usize);
                assert_eq!(shares.iter().sum::<Decimal>(), amount, "{amount} in {count}");
                assert!(shares.iter().all(|share| *share > Decimal::ZERO));
                assert_eq!(shares, draw_shares(amount, count, split, seed(round.into())));
                let (least, most) = (shares.iter().min(), shares.iter().max());
                if split == Split::Fixed {
                    assert!(most.unwrap() - least.unwrap() <= Decimal::new(1, PLACES));
                }
            }
        }
    }

    #[test]
    fn random_shares_of_whole_cents_are_whole_cents() {
        let shares = draw_shares(amount("100"), 50, Split::Random, seed(1));
        assert!(shares.iter().all(|share| share.normalize().scale() <= 2));
        let distinct: HashSet<_> = shares.iter().collect();
        assert!(distinct.len() > 25, "{shares:?}");
    }

    #[test]
    fn all_splits_are_equally_likely() {
        // 5 units in 3 parts: six ways, 6,000 draws, 1,000 each on average (standard deviation 29).
        let mut ways = std::collections::HashMap::<Vec<u64>, u32>::new();
        let mut stream = RandomStream::new(seed(2));
        for _ in 0..6_000 {
            *ways.entry(random_parts(5, 3, &mut stream)).or_default() += 1;
        }
        assert_eq!(ways.len(), 6);
        assert!(ways.values().all(|times| (800..1_200).contains(times)), "{ways:?}");
    }

    #[test]
    fn claims_take_the_first_free_place_and_each_place_once() {
        let mut free = FreePlaces::all(4);
        let taken: Vec<_> = [3, 3, 3, 3].into_iter().map(|first| free.take(first)).collect();
        assert_eq!(taken, [Some(3), Some(4), Some(1), Some(2)]);
        assert_eq!(free.take(1), None);
        assert_eq!(FreePlaces::all(4).take(5), None, "there is no such place");
        assert_eq!(FreePlaces::all(4).take(0), None);
        // Compare with a linear search, in a campaign that fills up.
        let mut free = FreePlaces::all(100);
        let mut plain = [false; 100];
        for number in 0..100 {
            let first = first_place(&seed(number), 100);
            assert!((1..=100).contains(&first));
            let found = (0..100)
                .map(|step| (first as usize - 1 + step) % 100)
                .find(|place| !plain[*place]);
            plain[found.unwrap()] = true;
            assert_eq!(free.take(first), Some(found.unwrap() as i32 + 1));
        }
        assert_eq!(free.take(50), None);
    }
}
