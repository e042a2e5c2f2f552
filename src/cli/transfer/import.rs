//! `newbee import`: users, awards, balances and everything else of an old system or of an export.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::sheet;
use crate::cli::common::author;
use crate::cli::database::{self, ZoneUse};
use crate::cli::output;
use crate::cli::table::{Rows, grouped};
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::service::import::sheet::{Difference, Sheet};
use crate::service::import::{ImportContext, Imported, described, import};
use crate::store::imports::report::RefusedLine;

/// Number of refused records that are printed; a file has all of them.
const PRINTED: i64 = 100;

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee import old.ndjson --dry-run --totals old-totals.json\n  \
    newbee import old.ndjson --errors refused.txt\n  gunzip --stdout newbee.ndjson.gz | newbee import -\n\n\
    Each line is one JSON object, in any order: {\"type\": \"user\", …}, an award as the legacy methods show it, or a whole \
    award_logs object. All types and fields are described in deploy/import.md.\n\n\
    Repeat an import that was interrupted: what is there already is skipped. A record that differs from the database, from \
    another line, or from the rules is refused: it is named on standard error or in --errors, the rest is imported, and the \
    exit code is 1. Correct these records and import them again. Equal codes and cycles of parents are refused as well.\n\n\
    The import needs the rights of the owner of the tables (newbee_owner) and a session of its own, so not a pooler in \
    transaction mode (see NEWBEE_DIRECT_DATABASE_URL). newbee may serve meanwhile.\n\n\
    Exit codes: 0 everything is imported, 1 some records were refused, totals differ, or the import failed, 2 invalid command \
    line."
)]
pub struct ImportArgs {
    /// File with one JSON object per line; - for standard input
    file: PathBuf,
    /// Run all checks and print the balance sheet that would result, without changing anything
    #[arg(long)]
    dry_run: bool,
    /// JSON file with totals of the old system, in the form of `after` of --json; each difference is listed
    #[arg(long, value_name = "FILE")]
    totals: Option<PathBuf>,
    /// Write all refused records to this file [default: the first 100 to standard error]
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

/// Runs `newbee import`.
///
/// # Errors
/// The configuration is invalid, a file cannot be read or written, the database fails, or the import cannot begin.
pub async fn run(args: &ImportArgs, mut problems: Problems, clock: &Clock) -> anyhow::Result<ExitCode> {
    let totals = args.totals.as_ref().and_then(|file| read_totals(file, &mut problems));
    let input = open_input(args, &mut problems);
    let mut errors = open_errors(args, &mut problems);
    let zone = match args.dry_run {
        true => ZoneUse::Read,
        false => ZoneUse::Store,
    };
    let (mut connection, calendar) =
        database::open_session(&args.database, &args.business, zone, clock, problems).await?;
    let mut input = input.unwrap_or_else(|| Box::new(io::empty()));
    let context = ImportContext {
        calendar,
        author: &author(clock.now()),
        source: &args.file.to_string_lossy(),
        dry_run: args.dry_run,
    };
    let is_watched = io::stderr().is_terminal();
    let mut progress = |text: &str| {
        if is_watched {
            eprintln!("newbee: {text}");
        }
    };
    let mut shown = 0;
    let mut refused = |line: &RefusedLine| {
        shown += 1;
        match &mut errors {
            Some(file) => writeln!(file, "{}", described(line)),
            None if shown <= PRINTED => {
                eprintln!("{}", described(line));
                Ok(())
            }
            None => Ok(()),
        }
    };
    let imported = import(&mut connection, &mut *input, &context, &mut progress, &mut refused).await?;
    if let Some(mut file) = errors {
        file.flush()?;
    } else if shown > PRINTED {
        eprintln!(
            "… and {} more; --errors FILE writes all of them.",
            grouped(shown - PRINTED)
        );
    }
    let differences = totals.as_ref().map(|totals| imported.after.differences(totals));
    print(args, &imported, totals.as_ref(), differences.as_deref())?;
    let is_good = imported.refused() == 0 && differences.is_none_or(|found| found.is_empty());
    Ok(match is_good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn open_input(args: &ImportArgs, problems: &mut Problems) -> Option<Box<dyn BufRead>> {
    if args.file.as_os_str() == "-" {
        return Some(Box::new(BufReader::new(io::stdin())));
    }
    match File::open(&args.file) {
        Ok(file) => Some(Box::new(BufReader::with_capacity(1 << 16, file))),
        Err(error) => {
            problems.add(format!("FILE: {} cannot be read: {error}", args.file.display()));
            None
        }
    }
}

fn open_errors(args: &ImportArgs, problems: &mut Problems) -> Option<BufWriter<File>> {
    let path = args.errors.as_ref()?;
    match File::create(path) {
        Ok(file) => Some(BufWriter::new(file)),
        Err(error) => {
            problems.add(format!("--errors: {} cannot be written: {error}", path.display()));
            None
        }
    }
}

fn read_totals(path: &Path, problems: &mut Problems) -> Option<Sheet> {
    let read = std::fs::read_to_string(path)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str::<Sheet>(&text).map_err(|error| error.to_string()))
        .and_then(|sheet| sheet.check().map(|()| sheet).map_err(|error| error.to_string()));
    read.map_err(|why| problems.add(format!("--totals: {}: {why}", path.display())))
        .ok()
}

fn print(
    args: &ImportArgs,
    imported: &Imported,
    totals: Option<&Sheet>,
    differences: Option<&[Difference]>,
) -> anyhow::Result<()> {
    if args.json {
        let records: serde_json::Map<_, _> = imported
            .kinds
            .iter()
            .map(|kind| {
                let counts = json!({ "imported": kind.imported, "unchanged": kind.unchanged, "repeated": kind.repeated,
                                     "refused": kind.refused });
                (kind.kind.clone(), counts)
            })
            .collect();
        return output::json(&json!({
            "dryRun": args.dry_run,
            "lines": imported.lines,
            "records": records,
            "refused": imported.refused(),
            "before": imported.before,
            "after": imported.after,
            "differences": differences,
        }));
    }
    let imported_header = if args.dry_run { "TO IMPORT" } else { "IMPORTED" };
    let mut rows = Rows::new(&["TYPE", imported_header, "UNCHANGED", "REPEATED", "REFUSED"]);
    for kind in &imported.kinds {
        let counts = [kind.imported, kind.unchanged, kind.repeated, kind.refused].map(grouped);
        let [imported, unchanged, repeated, refused] = counts;
        rows.add([kind.kind.clone(), imported, unchanged, repeated, refused]);
    }
    let mut sections = vec![rows.into_text(), sheet::text(&imported.before, &imported.after, totals)];
    match differences {
        Some([]) => sections.push("The given totals agree.".to_owned()),
        Some(differences) => sections.push(sheet::list(differences)),
        None => {}
    }
    if args.dry_run {
        sections.push("This was a dry run. Nothing was changed.".to_owned());
    }
    Ok(output::line(sections.join("\n\n"))?)
}
