//! Import of users, awards and balances from lines of JSON.
//!
//! All lines are read into a temporary table first, then compared with the database and with each other, then written in
//! the order of their references. So lines may have any order, and the memory of this process does not grow with them.
//! The written rows are the progress: an import that was killed is repeated, and finds the rows that it wrote before.

mod reader;
pub mod sheet;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Map, Value, json};

use self::reader::Lines;
pub use self::reader::MAX_LINE_BYTES;
use self::sheet::Sheet;
use crate::domain::audit::{Author, Change};
use crate::domain::business_day::Calendar;
use crate::domain::transfer::{self, FORMAT_VERSION, Header, Parsed, Record};
use crate::store::audit_log;
use crate::store::bounded::PgConnection;
use crate::store::imports::apply::{self, Step};
use crate::store::imports::report::{self, KindCount, RefusedLine};
use crate::store::imports::row_kinds::{ROW_KINDS, RowKind, row_kind};
use crate::store::imports::rows;
use crate::store::imports::{self, CannotBegin, Staged};

/// Records that are stored at a time.
const BATCH: usize = 1_000;
/// Length of lines that are stored at a time, unless one is longer: the memory of an import.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Lines between two messages of progress.
const PROGRESS_EVERY: i64 = 100_000;
/// Refused lines that are read at a time.
const PAGE: i64 = 1_000;

/// Number of retries, and the delay between them, before another import is reported as running.
const LOOKS: u32 = 10;
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Circumstances of an import.
#[derive(Debug)]
pub struct ImportContext<'a> {
    pub calendar: Calendar,
    pub author: &'a Author,
    /// Name of the file, for the audit log.
    pub source: &'a str,
    /// Run all checks, and write nothing.
    pub dry_run: bool,
}

/// Result of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub lines: i64,
    pub kinds: Vec<KindCount>,
    pub before: Sheet,
    /// The sheet after the import; of a dry run, the sheet that would result.
    pub after: Sheet,
}

impl Imported {
    /// Returns the number of refused records.
    pub fn refused(&self) -> i64 {
        self.kinds.iter().map(|kind| kind.refused).sum()
    }
}

/// Prepares the session. That of an import which was killed just now may still have to end.
async fn begin(connection: &mut PgConnection) -> anyhow::Result<()> {
    for _ in 0..LOOKS {
        match imports::begin(connection).await? {
            Err(CannotBegin::Running) => tokio::time::sleep(LOOK_EVERY).await,
            begun => return Ok(begun?),
        }
    }
    Ok(imports::begin(connection).await??)
}

/// Imports lines. `progress` gets a text now and then, and `refused` gets each refused record, in the order of the lines.
///
/// # Errors
/// The input cannot be read, the database fails, another import is running, or the lines are an export of another time
/// zone or format. Refused records are no error.
pub async fn import(
    connection: &mut PgConnection,
    input: &mut dyn BufRead,
    context: &ImportContext<'_>,
    progress: &mut dyn FnMut(&str),
    refused: &mut dyn FnMut(&RefusedLine) -> std::io::Result<()>,
) -> anyhow::Result<Imported> {
    begin(connection).await?;
    let lines = read(connection, input, context.calendar, progress).await?;
    if !context.dry_run {
        imports::move_award_ids(connection).await?;
    }
    progress("checking");
    imports::check(connection, context.calendar.day_of(context.author.at)).await?;
    let before = Sheet::of(&report::sheet(connection, false).await?);
    progress("importing");
    for kind in ROW_KINDS.iter().filter(|kind| context.dry_run && kind.kind != "day") {
        rows::apply(connection, kind, true).await?;
    }
    if !context.dry_run {
        write(connection, progress).await?;
    }
    let after = Sheet::of(&report::sheet(connection, context.dry_run).await?);
    let imported = Imported {
        lines,
        kinds: report::counts(connection).await?,
        before,
        after,
    };
    if !context.dry_run {
        audit(connection, context, &imported).await?;
    }
    let mut last: Option<RefusedLine> = None;
    loop {
        let page = report::refused(connection, last.as_ref(), PAGE).await?;
        for line in &page {
            refused(line).context("The refused lines cannot be written")?;
        }
        match page.into_iter().last() {
            Some(line) => last = Some(line),
            None => return Ok(imported),
        }
    }
}

/// Content of a line, before the database has read the rows among them.
enum Read {
    Record(Result<Record, String>),
    Row(&'static RowKind, Map<String, Value>),
}

/// Lines that are read and not stored yet.
#[derive(Default)]
struct Waiting {
    lines: Vec<(i64, Read)>,
    bytes: usize,
}

/// Reads all lines into the temporary table. Returns their number.
async fn read(
    connection: &mut PgConnection,
    input: &mut dyn BufRead,
    calendar: Calendar,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<i64> {
    let mut lines = Lines::new(input);
    let (mut waiting, mut next_seq, mut last_line) = (Waiting::default(), 1, 0);
    while let Some((line, text)) = lines.next_line().context("The input cannot be read")? {
        last_line = line;
        waiting.bytes += text.map_or(0, str::len);
        let parsed = match text {
            Ok(text) => transfer::parse(text, calendar),
            Err(error) => vec![Err(error.to_string())],
        };
        for parsed in parsed {
            let read = match parsed {
                Ok(Parsed::Header(header)) => {
                    check_header(&header, calendar)?;
                    continue;
                }
                Ok(Parsed::Record(record)) => Read::Record(Ok(record)),
                Ok(Parsed::Row { kind, columns }) => match row_kind(&kind) {
                    Some(kind) => Read::Row(kind, columns),
                    None => Read::Record(Err(unknown_type(&kind))),
                },
                Err(reason) => Read::Record(Err(reason)),
            };
            waiting.lines.push((line, read));
        }
        if waiting.lines.len() >= BATCH || waiting.bytes >= BATCH_BYTES {
            next_seq = store(connection, next_seq, std::mem::take(&mut waiting)).await?;
        }
        if line % PROGRESS_EVERY == 0 {
            progress(&format!("read {line} lines"));
        }
    }
    store(connection, next_seq, waiting).await?;
    Ok(last_line)
}

async fn store(connection: &mut PgConnection, first_seq: i64, waiting: Waiting) -> anyhow::Result<i64> {
    let mut staged: Vec<(usize, Staged)> = Vec::with_capacity(waiting.lines.len());
    let mut by_kind: BTreeMap<&str, (&RowKind, Vec<_>, Vec<_>)> = BTreeMap::new();
    for (place, (line, read)) in waiting.lines.into_iter().enumerate() {
        match read {
            Read::Record(record) => staged.push((place, Staged { line, record })),
            Read::Row(kind, columns) => {
                let (_, places, rows) = by_kind.entry(kind.kind).or_insert((kind, Vec::new(), Vec::new()));
                places.push((place, line));
                rows.push(columns);
            }
        }
    }
    for (kind, places, rows) in by_kind.into_values() {
        let records = rows::read(connection, kind, &rows).await?;
        let records = places.into_iter().zip(records);
        staged.extend(records.map(|((place, line), record)| (place, Staged { line, record })));
    }
    staged.sort_unstable_by_key(|(place, _)| *place);
    let staged: Vec<Staged> = staged
        .into_iter()
        .map(|(_, staged)| staged.without_zero_characters())
        .collect();
    imports::store(connection, first_seq, &staged).await?;
    Ok(first_seq + i64::try_from(staged.len())?)
}

fn unknown_type(kind: &str) -> String {
    let typed = ["user", "award", "openingBalance", "streak", "place", "claim"];
    let known: Vec<_> = typed
        .into_iter()
        .chain(ROW_KINDS.iter().map(|kind| kind.kind))
        .collect();
    format!("type: expected one of {}, got {kind:?}.", known.join(", "))
}

fn check_header(header: &Header, calendar: Calendar) -> anyhow::Result<()> {
    if header.version != FORMAT_VERSION {
        anyhow::bail!(
            "The export has version {} of the format; this newbee reads version {FORMAT_VERSION}.",
            header.version
        );
    }
    let zone = calendar.time_zone.name();
    if header.time_zone != zone {
        anyhow::bail!(
            "The export has the business time zone {}, but this installation has {zone}. Import it into a new database with \
             NEWBEE_TIME_ZONE={0}.",
            header.time_zone
        );
    }
    Ok(())
}

/// Writes all records that were not refused, those that others refer to first.
async fn write(connection: &mut PgConnection, progress: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let kind = |name: &str| row_kind(name).context("no such type of rows");
    for name in [
        "rule",
        "ruleText",
        "budget",
        "retiredCode",
        "reservationCampaign",
        "wordCampaign",
    ] {
        rows::apply(connection, kind(name)?, false).await?;
    }
    progress("importing users");
    apply::apply(connection, Step::Users).await?;
    apply::bind(connection).await?;
    apply::apply(connection, Step::Places).await?;
    progress("importing awards");
    for step in [Step::Awards, Step::Claims, Step::OpeningBalances] {
        apply::apply(connection, step).await?;
    }
    // A grant last: without it, nobody can approve its lines.
    for name in [
        "grantLine",
        "grantSum",
        "grant",
        "bridgedDay",
        "coveredDay",
        "importedStreak",
    ] {
        rows::apply(connection, kind(name)?, false).await?;
    }
    apply::apply(connection, Step::Streaks).await?;
    for name in ["dailyCount", "qualification", "taskReport", "importedTotal"] {
        rows::apply(connection, kind(name)?, false).await?;
    }
    // Days are closed last, when all their awards are there.
    Ok(apply::days(connection).await?)
}

async fn audit(connection: &mut PgConnection, context: &ImportContext<'_>, imported: &Imported) -> anyhow::Result<()> {
    let counts: Map<_, _> = imported
        .kinds
        .iter()
        .map(|kind| {
            (
                kind.kind.clone(),
                json!({ "imported": kind.imported, "refused": kind.refused }),
            )
        })
        .collect();
    let change = Change {
        action: "import",
        subject: format!("file:{}", context.source.chars().take(90).collect::<String>()),
        user_id: None,
        reason: None,
        before: None,
        after: Some(counts.into()),
    };
    Ok(audit_log::record(connection, context.author, &[change]).await?)
}

/// Describes a refused record in one line: `line 7: user 17: …`.
pub fn described(line: &RefusedLine) -> String {
    match line.kind.as_str() {
        "unknown" => format!("line {}: {}", line.line, line.reason),
        kind => format!("line {}: {kind} {}: {}", line.line, line.key, line.reason),
    }
}
