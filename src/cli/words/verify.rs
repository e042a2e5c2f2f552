//! `newbee word verify`: offline verification of a published draw.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::published::{self, bytes, read_text};
use crate::cli::output;
use crate::cli::table::utc;
use crate::config::Problems;
use crate::domain::beacon;
use crate::domain::id::UserId;
use crate::domain::money::wire_amount;
use crate::domain::word_commitment::{PublishedClaim, PublishedDraw};

/// Exit code for a valid draw without public randomness, which the operator could have chosen among many.
const COMMITMENT_ONLY: u8 = 3;

#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// File with the draw [default: standard input, also -]
    file: Option<PathBuf>,
    /// Hash that you noted before the public randomness was available
    #[arg(long, value_name = "HASH")]
    hash: Option<String>,
    /// User whose claim to verify
    #[arg(long, value_name = "ID", requires = "proof", value_parser = crate::cli::values::user_id)]
    user: Option<i64>,
    /// Proof that the user received with the award (`wordDraw.myClaim.proof`)
    #[arg(long, value_name = "PROOF", requires = "user")]
    proof: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Verifies a published draw and prints the result.
///
/// # Errors
/// The draw cannot be read or is invalid, or standard output cannot be written.
pub fn run(args: &VerifyArgs, problems: Problems) -> anyhow::Result<ExitCode> {
    problems.into_result()?;
    let draw = published::read(&read_text(args.file.as_deref())?)?;
    if let Some(noted) = &args.hash
        && bytes::<32>(noted.trim(), "--hash")? != draw.hash
    {
        bail!(
            "The draw is invalid: its hash is {}, not the one that you noted.",
            HEXLOWER.encode(&draw.hash)
        );
    }
    draw.verify()
        .map_err(|mismatch| anyhow!("The draw is invalid: {mismatch}."))?;
    let claim = match (args.user, &args.proof) {
        (Some(user), Some(proof)) => Some((user, find_claim(&draw, user, proof)?)),
        _ => None,
    };
    match args.json {
        true => output::json(&as_value(&draw, claim.map(|(_, claim)| claim)))?,
        false => print(&draw, claim, args.hash.is_some()),
    }
    Ok(match draw.commitment.beacon_round {
        Some(_) => ExitCode::SUCCESS,
        None => ExitCode::from(COMMITMENT_ONLY),
    })
}

/// Returns the verified facts as JSON, with the field names of `wordDraw`.
fn as_value(draw: &PublishedDraw, claim: Option<&PublishedClaim>) -> Value {
    let round = draw.commitment.beacon_round;
    json!({
        "hash": HEXLOWER.encode(&draw.hash),
        "shareCount": draw.commitment.share_count,
        "amount": wire_amount(draw.commitment.amount),
        "claimsChecked": draw.claims.as_ref().map(Vec::len),
        "guarantee": match round {
            Some(_) => "PUBLIC_RANDOMNESS",
            None => "COMMITMENT_ONLY",
        },
        "beacon": round.map(|round| json!({
            "network": beacon::NETWORK,
            "round": round,
            "at": output::api_time(beacon::round_time(round)),
        })),
        "myClaim": claim.map(|claim| json!({
            "number": claim.number,
            "place": claim.place,
            "amount": wire_amount(claim.amount),
        })),
    })
}

fn print(draw: &PublishedDraw, claim: Option<(i64, &PublishedClaim)>, is_hash_known: bool) {
    println!(
        "The draw is valid: {} shares, {} in total, derived from the seed.",
        draw.commitment.share_count,
        wire_amount(draw.commitment.amount)
    );
    match &draw.claims {
        Some(claims) => println!("All {} claims have the places determined by the draw.", claims.len()),
        None => println!("Not checked: the claims, because they are not in this file."),
    }
    if let Some((user, claim)) = claim {
        println!(
            "User {user} made claim {} at place {} and received {}.",
            claim.number,
            claim.place,
            wire_amount(claim.amount)
        );
    }
    if !is_hash_known {
        println!(
            "Compare the hash with the one that you noted when the campaign was created: {}",
            HEXLOWER.encode(&draw.hash)
        );
    }
    match draw.commitment.beacon_round {
        Some(round) => println!(
            "Public randomness: round {round} of {}, signed at {} UTC. If you had the hash before that time, no one can have \
             chosen the shares.",
            beacon::NETWORK,
            utc(beacon::round_time(round))
        ),
        None => println!(
            "Not proven: that the shares were not chosen. The draw has no public randomness, so the operator could have tried \
             many draws and kept one. Proven: nothing was changed after the hash was published."
        ),
    }
}

/// Returns the claim of a user, verified with the proof that the user received with the award.
fn find_claim<'a>(draw: &'a PublishedDraw, user: i64, proof: &str) -> anyhow::Result<&'a PublishedClaim> {
    let proof = bytes(proof.trim(), "--proof")?;
    draw.verify_proof(UserId(user), &proof)
        .map_err(|mismatch| anyhow!("The claim is invalid: {mismatch}."))
}
