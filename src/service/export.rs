//! Export of an installation as lines of JSON, which an import reads again.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::domain::business_day::Calendar;
use crate::domain::transfer::{FORMAT_VERSION, field_name};
use crate::store::bounded::PgConnection;
use crate::store::exports::{self, Columns, EXPORTS, Rows};

/// Error of an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Writes all lines, as of one moment. Returns the number of records.
///
/// # Errors
/// The database fails, or `output` cannot be written.
pub async fn export(
    connection: &mut PgConnection,
    calendar: Calendar,
    now: DateTime<Utc>,
    output: &mut dyn Write,
) -> Result<u64, ExportError> {
    let header = json!({
        "type": "newbeeExport",
        "version": FORMAT_VERSION,
        "timeZone": calendar.time_zone.name(),
        "exportedAt": now,
    });
    writeln!(output, "{header}")?;
    let mut count = 0;
    let mut snapshot = exports::begin(connection).await?;
    for export in EXPORTS {
        let mut rows = Rows::open(&mut snapshot, &export).await?;
        loop {
            let page = rows.next_page().await?;
            if page.is_empty() {
                break;
            }
            for row in page {
                write_line(output, export.kind, &row)?;
                count += 1;
            }
        }
    }
    output.flush()?;
    snapshot.rollback().await?;
    Ok(count)
}

/// Writes columns as a line, without null values. Amounts become texts, as everywhere in the APIs.
fn write_line(output: &mut dyn Write, kind: &str, columns: &Columns) -> io::Result<()> {
    write!(output, "{{\"type\":\"{kind}\"")?;
    for (column, value) in columns {
        let (name, value) = (field_name(column), value.get());
        match value.as_bytes() {
            b"null" => {}
            [b'-' | b'0'..=b'9', ..] if value.contains('.') => write!(output, ",\"{name}\":\"{value}\"")?,
            _ => write!(output, ",\"{name}\":{value}")?,
        }
    }
    output.write_all(b"}\n")
}
