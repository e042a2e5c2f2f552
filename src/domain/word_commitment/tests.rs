//! Draws that `verify` accepts, and manipulations that it detects.

use super::*;
use crate::domain::beacon::samples;

const ROUND: i64 = 1000;

fn key(number: u64) -> SigningKey {
    SigningKey::derive(&Sha256::digest(number.to_be_bytes()).into(), b"test")
}

fn commitment(key: &SigningKey, beacon_round: Option<i64>) -> Commitment {
    Commitment {
        public_key: key.public_key(),
        salt: [7; 32],
        amount: Decimal::from(100),
        share_count: 8,
        split: Split::Random,
        beacon_round,
    }
}

fn published(drawing: &Drawing, users: &[i64]) -> PublishedDraw {
    let mut free = FreePlaces::all(drawing.commitment.share_count);
    let claims: Vec<_> = (1..)
        .zip(users)
        .map(|(number, user)| {
            let claim = drawing.claim(UserId(*user));
            let place = free.take(claim.first_place).unwrap();
            PublishedClaim {
                number,
                claimant: claim.claimant,
                place,
                amount: drawing.shares()[place as usize - 1],
            }
        })
        .collect();
    PublishedDraw {
        commitment: drawing.commitment.clone(),
        hash: drawing.commitment.hash(),
        opens_at: beacon::round_time(ROUND),
        beacon_signature: drawing.beacon_signature,
        seed: drawing.seed,
        shares: Some(drawing.shares().to_vec()),
        claimed_count: users.len() as i32,
        claimed_amount: Some(claims.iter().map(|claim| claim.amount).sum()),
        claims: Some(claims),
    }
}

fn with_beacon() -> (Drawing, PublishedDraw) {
    let drawing = Drawing::new(
        &commitment(&key(1), Some(ROUND)),
        key(1),
        Some(samples::signature(ROUND)),
    );
    let published = published(&drawing, &[11, 12, 13, 14, 15]);
    (drawing, published)
}

#[test]
fn an_honest_draw_is_accepted() {
    let (drawing, mut draw) = with_beacon();
    assert_eq!(draw.verify(), Ok(()));
    for (index, user) in (11..=15).enumerate() {
        let proof = drawing.claim(UserId(user)).proof;
        assert_eq!(
            draw.verify_proof(UserId(user), &proof).unwrap().number,
            index as i32 + 1
        );
        assert!(matches!(
            draw.verify_proof(UserId(user + 1), &proof),
            Err(DrawMismatch::ProofForged { .. })
        ));
    }
    let absent = drawing.claim(UserId(16)).proof;
    assert!(matches!(
        draw.verify_proof(UserId(16), &absent),
        Err(DrawMismatch::ProofUnlisted { user: 16 })
    ));
    (draw.shares, draw.claims) = (None, None);
    assert_eq!(draw.verify(), Ok(()), "shares and claims may be left out");
    let without = Drawing::new(&commitment(&key(1), None), key(1), None);
    assert_eq!(published(&without, &[11]).verify(), Ok(()));
    let full = published(&drawing, &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(full.verify(), Ok(()));
    assert_eq!(full.claimed_amount, Some(Decimal::from(100)));
}

/// Attack from a security audit: draw with many keys, keep the one whose first share is the largest.
#[test]
fn trying_many_keys_before_the_round_exists_has_no_benefit() {
    // The operator knows other rounds, and searches for a key whose first share is large with one of these.
    let known = samples::signature(ROUND + 1);
    let first_share = |number: u64, signature: SignatureBytes| {
        let key = key(number);
        Drawing::new(&commitment(&key, Some(ROUND)), key, Some(signature)).shares()[0]
    };
    let best = (0..300).max_by_key(|number| first_share(*number, known)).unwrap();
    let (hoped, mean) = (first_share(best, known), Decimal::new(125, 1));
    assert!(
        hoped > mean * Decimal::from(3),
        "among 300 keys some give {hoped} of 100"
    );
    // With the committed round the shares differ: those of the chosen key are no better than those of any other key.
    let got = first_share(best, samples::signature(ROUND));
    assert_ne!(got, hoped);
    let ordinary: Vec<_> = (0..300)
        .map(|number| first_share(number, samples::signature(ROUND)))
        .filter(|share| *share >= got)
        .collect();
    assert!(
        ordinary.len() > 15,
        "{got} is among the ordinary first shares, not the best of 300"
    );
}

/// After the round exists, every manipulation is detected.
#[test]
fn every_manipulation_is_detected() {
    let (_, draw) = with_beacon();
    let changed = |change: &dyn Fn(&mut PublishedDraw)| {
        let mut draw = draw.clone();
        change(&mut draw);
        draw.verify().unwrap_err()
    };
    use DrawMismatch as Mismatch;
    // Another key, salt, amount, count, split or round than the published one.
    let replaced = published(
        &Drawing::new(
            &commitment(&key(2), Some(ROUND)),
            key(2),
            Some(samples::signature(ROUND)),
        ),
        &[],
    );
    assert!(matches!(
        changed(&|d| d.commitment = replaced.commitment.clone()),
        Mismatch::Hash { .. }
    ));
    assert!(matches!(changed(&|d| d.commitment.salt[0] ^= 1), Mismatch::Hash { .. }));
    assert!(matches!(
        changed(&|d| d.commitment.amount += Decimal::ONE),
        Mismatch::Hash { .. }
    ));
    assert!(matches!(
        changed(&|d| d.commitment.share_count = 9),
        Mismatch::Hash { .. }
    ));
    assert!(matches!(
        changed(&|d| d.commitment.split = Split::Fixed),
        Mismatch::Hash { .. }
    ));
    assert!(matches!(
        changed(&|d| d.commitment.beacon_round = Some(ROUND + 1)),
        Mismatch::Hash { .. }
    ));
    assert!(matches!(
        changed(&|d| d.commitment.beacon_round = None),
        Mismatch::Hash { .. }
    ));
    assert!(matches!(changed(&|d| d.hash[0] ^= 1), Mismatch::Hash { .. }));
    // Another beacon value: from another round, invented, missing, or without a committed round.
    let other_round = samples::signature(ROUND + 1);
    assert!(matches!(
        changed(&|d| d.beacon_signature = Some(other_round)),
        Mismatch::BeaconForged { round: ROUND }
    ));
    let own = key(3).sign(b"made up");
    assert!(matches!(
        changed(&|d| d.beacon_signature = Some(own)),
        Mismatch::BeaconForged { .. }
    ));
    assert!(matches!(
        changed(&|d| d.beacon_signature = None),
        Mismatch::BeaconMissing { round: ROUND }
    ));
    let late = |d: &mut PublishedDraw| d.opens_at -= chrono::TimeDelta::seconds(1);
    assert!(matches!(changed(&late), Mismatch::RoundTooLate { round: ROUND }));
    let mut plain = published(&Drawing::new(&commitment(&key(1), None), key(1), None), &[]);
    plain.beacon_signature = Some(other_round);
    assert_eq!(plain.verify(), Err(Mismatch::BeaconNotPromised));
    // Another seed.
    assert_eq!(changed(&|d| d.seed = own), Mismatch::Seed);
    assert_eq!(changed(&|d| d.seed[47] ^= 1), Mismatch::Seed);
    // Other shares.
    let swap = |d: &mut PublishedDraw| {
        let shares = d.shares.as_mut().unwrap();
        shares[0] += Decimal::ONE;
        shares[1] -= Decimal::ONE;
    };
    assert!(matches!(changed(&swap), Mismatch::Share { place: 1, .. }));
    assert!(matches!(
        changed(&|d| d.shares.as_mut().unwrap()[0] += Decimal::ONE),
        Mismatch::Sum { .. }
    ));
    assert!(matches!(
        changed(&|d| d.shares.as_mut().unwrap().truncate(7)),
        Mismatch::Count { promised: 8, found: 7 }
    ));
    // Other claims: omitted, reordered, one user twice, at a better place, with another amount.
    let claims = |change: &dyn Fn(&mut Vec<PublishedClaim>)| changed(&|d| change(d.claims.as_mut().unwrap()));
    assert!(matches!(
        claims(&|c| c.truncate(4)),
        Mismatch::ClaimCount { promised: 5, found: 4 }
    ));
    assert!(matches!(
        claims(&|c| c.swap(0, 1)),
        Mismatch::ClaimOrder { position: 1, .. }
    ));
    assert!(matches!(
        claims(&|c| c[1].claimant = c[0].claimant),
        Mismatch::ClaimedTwice { number: 2 }
    ));
    assert!(matches!(
        claims(&|c| c[2].place = c[2].place % 8 + 1),
        Mismatch::ClaimPlace { number: 3, .. }
    ));
    assert!(matches!(
        claims(&|c| c[2].amount += Decimal::ONE),
        Mismatch::ClaimAmount { number: 3, .. }
    ));
    assert!(matches!(
        changed(&|d| d.claimed_amount = Some(Decimal::ONE)),
        Mismatch::ClaimSum { .. }
    ));
}

#[test]
fn the_hash_matches_a_shell_computation() {
    let commitment = Commitment {
        public_key: [0xab; 96],
        salt: [0xcd; 32],
        amount: "2.5".parse().unwrap(),
        share_count: 2,
        split: Split::Fixed,
        beacon_round: Some(77),
    };
    let text = format!(
        "newbee word draw 2\n{}\n{}\n2.5000\n2\nFIXED\ndrand quicknet 77\n",
        "ab".repeat(96),
        "cd".repeat(32)
    );
    assert_eq!(commitment.hash(), <[u8; 32]>::from(Sha256::digest(text)));
}
