//! Logging to standard error, one line per event, as text or JSON. If the standard variable
//! `OTEL_EXPORTER_OTLP_ENDPOINT` is set, traces and logs are also exported to an OpenTelemetry collector (OTLP over
//! HTTP); the other `OTEL_…` variables apply as well.

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

/// Target of trace spans. They are exported only to a collector, and have no cost without one.
pub const TRACE: &str = "newbee::trace";

/// Environment variable with the URL of the collector.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Targets used while exporting. Their own events must not be exported, because that would never end.
const SENDERS: [&str; 5] = ["opentelemetry", "reqwest", "hyper", "hyper_util", "h2"];

/// Exporters to the collector, to be flushed before the process ends.
#[must_use = "call `finish` to export the remaining traces and logs"]
pub struct Telemetry(Option<(SdkTracerProvider, SdkLoggerProvider)>);

/// Starts logging for the process; a second call has no effect.
///
/// # Errors
/// The second value describes an invalid collector URL. Logging to standard error is started regardless.
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
    // An error means that logging was already started.
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

/// Returns the exporters of traces and logs; `None` if no collector is configured.
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
        // The exporter is built without TLS and would only report "network error" repeatedly.
        return Err(format!(
            "{ENDPOINT}: https is not supported. Use a collector at an http:// address, for example a local one that \
             forwards everything"
        ));
    }
    let wrong =
        |error: &dyn std::fmt::Display| format!("{ENDPOINT}: expected a URL such as http://127.0.0.1:4318 ({error})");
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
    /// Exports the remaining traces and logs, for at most five seconds each.
    ///
    /// # Errors
    /// Returns a message if the export failed.
    pub async fn finish(self) -> Result<(), String> {
        let Some((traces, logs)) = self.0 else { return Ok(()) };
        let sent = tokio::task::spawn_blocking(move || traces.shutdown().and(logs.shutdown())).await;
        match sent {
            Ok(Err(error)) => Err(format!("the last traces or logs did not reach the collector: {error}")),
            _ => Ok(()),
        }
    }
}

/// Links a span to the client's trace from a W3C `traceparent` header. The span keeps a separate trace: the header is
/// untrusted, so it must not decide if a trace is recorded.
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
