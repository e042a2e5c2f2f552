//! Logs: one line an event, to standard error, as text or as JSON. And traces and logs by OpenTelemetry, where the standard
//! variable `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector (OTLP over HTTP; its other `OTEL_…` variables hold too).

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::LogFormat;
use crate::terminal::{self, LogWriter};

/// Spans of this target are traces: they go to a collector alone and cost nothing without one.
pub const TRACE: &str = "newbee::trace";

/// The variable of OpenTelemetry that names the collector.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// What is at work while something is sent to the collector; sent there too, it would never end.
const SENDERS: [&str; 5] = ["opentelemetry", "reqwest", "hyper", "hyper_util", "h2"];

/// What has to be told to the collector before the process ends.
#[must_use = "what is left is sent by `finish`"]
pub struct Telemetry(Option<(SdkTracerProvider, SdkLoggerProvider)>);

/// Starts logging for the process; a second call changes nothing.
///
/// # Errors
/// What is wrong with the collector's address. Logs go to standard error all the same.
pub fn start(filter: EnvFilter, format: LogFormat) -> (Telemetry, Option<String>) {
    let (collector, problem) = match collector() {
        Ok(collector) => (collector, None),
        Err(problem) => (None, Some(problem)),
    };
    let logs = OpenTelemetryTracingBridge::new;
    let exported = collector.as_ref().map(|(traces, provider)| {
        let spans = tracing_opentelemetry::layer().with_tracer(traces.tracer("newbee"));
        let mut as_printed = filter_without_traces(EnvFilter::new(filter.to_string()));
        for sender in SENDERS {
            as_printed = as_printed.add_directive(format!("{sender}=off").parse().expect("a directive"));
        }
        spans
            .with_filter(Targets::new().with_target(TRACE, LevelFilter::INFO))
            .and_then(logs(provider).with_filter(as_printed))
    });
    // An error here means that a log is set up already.
    let _ = tracing_subscriber::registry()
        .with(exported)
        .with(printed(format).with_filter(filter_without_traces(filter)))
        .try_init();
    (Telemetry(collector), problem)
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

/// Traces and logs on their way to the collector; `None` where none is named.
fn collector() -> Result<Option<(SdkTracerProvider, SdkLoggerProvider)>, String> {
    let endpoint = std::env::var_os(ENDPOINT).unwrap_or_default();
    if endpoint.is_empty() {
        return Ok(None);
    }
    if endpoint
        .to_string_lossy()
        .trim()
        .to_ascii_lowercase()
        .starts_with("https:")
    {
        // Built without TLS, the sender would only say "network error", again and again.
        return Err(format!(
            "{ENDPOINT}: https is not spoken here. Name a collector at an http:// address, such as one on this machine, that \
             passes everything on"
        ));
    }
    let wrong = |error: &dyn std::fmt::Display| {
        format!("{ENDPOINT}: expected an address such as http://127.0.0.1:4318 ({error})")
    };
    let spans = SpanExporter::builder()
        .with_http()
        .build()
        .map_err(|error| wrong(&error))?;
    let logs = LogExporter::builder()
        .with_http()
        .build()
        .map_err(|error| wrong(&error))?;
    let mut service = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        service = service.with_service_name("newbee");
    }
    let service = service.build();
    let traces = SdkTracerProvider::builder()
        .with_batch_exporter(spans)
        .with_resource(service.clone());
    let logs = SdkLoggerProvider::builder()
        .with_batch_exporter(logs)
        .with_resource(service);
    Ok(Some((traces.build(), logs.build())))
}

impl Telemetry {
    /// Sends what is left, for five seconds at most each.
    ///
    /// # Errors
    /// What did not reach the collector, for people.
    pub async fn finish(self) -> Result<(), String> {
        let Some((traces, logs)) = self.0 else { return Ok(()) };
        let sent = tokio::task::spawn_blocking(move || traces.shutdown().and(logs.shutdown())).await;
        match sent {
            Ok(Err(error)) => Err(format!("the last traces or logs did not reach the collector: {error}")),
            _ => Ok(()),
        }
    }
}

/// Links a span to the caller's own trace, as named by a `traceparent` header of the W3C. It stays a trace of its own:
/// anybody may send the header, and whether a trace is recorded is for this process to decide.
pub fn link_trace(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent.filter(|_| !span.is_disabled()) else {
        return;
    };
    let carried = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract(&carried);
    let caller = context.span().span_context().clone();
    if caller.is_valid() {
        span.add_link(caller);
    }
}
