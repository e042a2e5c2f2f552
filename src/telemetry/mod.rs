//! Logging to standard error, one line per event, as text or JSON. If the standard variable
//! `OTEL_EXPORTER_OTLP_ENDPOINT` is set, traces and logs are also exported to an OpenTelemetry collector (OTLP over
//! HTTP); the other `OTEL_…` variables apply as well. Builds without the feature `otlp` refuse the variable.

#[cfg(feature = "otlp")]
mod otlp;
#[cfg(not(feature = "otlp"))]
#[path = "without_otlp.rs"]
mod otlp;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use self::otlp::Exporters;
pub use self::otlp::link_trace;
use crate::config::LogFormat;
use crate::terminal::{self, LogWriter};

/// Target of trace spans. They are exported only to a collector, and have no cost without one.
pub const TRACE: &str = "newbee::trace";

/// Environment variable with the URL of the collector.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Exporters to the collector, to be flushed before the process ends.
#[must_use = "call `finish` to export the remaining traces and logs"]
pub struct Telemetry(Option<Exporters>);

/// Starts logging for the process; a second call has no effect.
///
/// # Errors
/// The second value describes an invalid collector URL. Logging to standard error is started regardless.
pub fn start(filter: EnvFilter, format: LogFormat) -> (Telemetry, Option<String>) {
    let (exporters, problem) = match Exporters::of_environment() {
        Ok(exporters) => (exporters, None),
        Err(problem) => (None, Some(problem)),
    };
    let exported = exporters.as_ref().map(|exporters| exporters.layer(&filter));
    // An error means that logging was already started.
    let _ = tracing_subscriber::registry()
        .with(exported)
        .with(printed(format).with_filter(filter_without_traces(filter)))
        .try_init();
    (Telemetry(exporters), problem)
}

fn filter_without_traces(filter: EnvFilter) -> EnvFilter {
    filter.add_directive(format!("{TRACE}=off").parse().expect("a directive"))
}

fn printed<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(LogWriter::default);
    match format {
        LogFormat::Text => lines.with_ansi(terminal::has_colours()).with_target(false).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .boxed(),
    }
}

impl Telemetry {
    /// Exports the remaining traces and logs, for at most five seconds each.
    ///
    /// # Errors
    /// Returns a message if the export failed.
    pub async fn finish(self) -> Result<(), String> {
        match self.0 {
            Some(exporters) => exporters.finish().await,
            None => Ok(()),
        }
    }
}
