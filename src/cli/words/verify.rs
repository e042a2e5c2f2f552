//! `newbee word verify`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;
use data_encoding::HEXLOWER;

use super::published::{self, bytes, read_text};
use crate::cli::table::utc;
use crate::config::Problems;
use crate::domain::beacon;
use crate::domain::id::UserId;
use crate::domain::money::wire_amount;
use crate::domain::word_commitment::PublishedDraw;

/// Exit code for a draw that is as promised, but could have been chosen among many.
const COMMITMENT_ONLY: u8 = 3;

#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// A file with the draw; left out, or -, standard input
    file: Option<PathBuf>,
    /// The hash that you noted before the public randomness existed
    #[arg(long, value_name = "HASH")]
    hash: Option<String>,
    /// A user whose claim to look for
    #[arg(long, value_name = "ID", requires = "proof", value_parser = crate::cli::values::user_id)]
    user: Option<i64>,
    /// The proof that this user got with the award (`wordDraw.myClaim.proof`)
    #[arg(long, value_name = "PROOF", requires = "user")]
    proof: Option<String>,
}

pub fn run(args: &VerifyArgs, problems: Problems) -> anyhow::Result<ExitCode> {
    problems.into_result()?;
    let draw = published::read(&read_text(args.file.as_deref())?)?;
    if let Some(noted) = &args.hash
        && bytes::<32>(noted.trim(), "--hash")? != draw.hash
    {
        bail!(
            "The draw is not what was promised: its hash is {}, not the one that you noted.",
            HEXLOWER.encode(&draw.hash)
        );
    }
    draw.verify()
        .map_err(|mismatch| anyhow!("The draw is not what was promised: {mismatch}."))?;
    println!(
        "The draw is what was promised: {} shares, {} together, drawn from the seed.",
        draw.commitment.share_count,
        wire_amount(draw.commitment.amount)
    );
    match &draw.claims {
        Some(claims) => println!(
            "All {} claims stand at the places that the draw gives them.",
            claims.len()
        ),
        None => println!("Not checked: the claims, which are not in this file."),
    }
    if let (Some(user), Some(proof)) = (args.user, &args.proof) {
        print_claim(&draw, user, proof)?;
    }
    if args.hash.is_none() {
        println!(
            "Compare the hash with the one that you noted when the campaign was made: {}",
            HEXLOWER.encode(&draw.hash)
        );
    }
    Ok(match draw.commitment.beacon_round {
        Some(round) => {
            println!(
                "Public randomness: round {round} of {}, signed at {} UTC. Whoever had the hash before that time knows that \
                 nobody chose the shares.",
                beacon::NETWORK,
                utc(beacon::round_time(round))
            );
            ExitCode::SUCCESS
        }
        None => {
            println!(
                "Not proven: that nobody chose the shares. The draw has no public randomness, so the operator could have \
                 tried many draws and kept one. Proven is that nothing was changed since the hash was published."
            );
            ExitCode::from(COMMITMENT_ONLY)
        }
    })
}

fn print_claim(draw: &PublishedDraw, user: i64, proof: &str) -> anyhow::Result<()> {
    let proof = bytes(proof.trim(), "--proof")?;
    let claim = draw
        .verify_proof(UserId(user), &proof)
        .map_err(|mismatch| anyhow!("The claim is not what was promised: {mismatch}."))?;
    println!(
        "User {user} made claim {}, which took place {} and {}.",
        claim.number,
        claim.place,
        wire_amount(claim.amount)
    );
    Ok(())
}
