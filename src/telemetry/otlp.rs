//! Export of traces and logs to an OpenTelemetry collector.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use super::{ENDPOINT, TRACE, filter_without_traces};

/// Targets used while exporting. Their own events must not be exported, because that would never end.
const SENDERS: [&str; 5] = ["opentelemetry", "reqwest", "hyper", "hyper_util", "h2"];

/// Exporters to the collector, to be flushed before the process ends.
pub struct Exporters {
    traces: SdkTracerProvider,
    logs: SdkLoggerProvider,
}

impl Exporters {
    /// Returns the exporters to the collector of the environment; `None` if it is not configured.
    ///
    /// # Errors
    /// A message about the URL of the collector.
    pub fn of_environment() -> Result<Option<Self>, String> {
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
        let wrong = |error: &dyn std::fmt::Display| {
            format!("{ENDPOINT}: expected a URL such as http://127.0.0.1:4318 ({error})")
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
        Ok(Some(Self {
            traces: traces.build(),
            logs: logs.build(),
        }))
    }

    /// Layer that exports all traces, and the logs that `filter` selects.
    pub fn layer<S>(&self, filter: &EnvFilter) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let spans = tracing_opentelemetry::layer().with_tracer(self.traces.tracer("newbee"));
        let mut as_printed = filter_without_traces(EnvFilter::new(filter.to_string()));
        for sender in SENDERS {
            as_printed = as_printed.add_directive(format!("{sender}=off").parse().expect("a directive"));
        }
        spans
            .with_filter(Targets::new().with_target(TRACE, LevelFilter::INFO))
            .and_then(OpenTelemetryTracingBridge::new(&self.logs).with_filter(as_printed))
    }

    /// Exports the remaining traces and logs, for at most five seconds each.
    ///
    /// # Errors
    /// Returns a message if the export failed.
    pub async fn finish(self) -> Result<(), String> {
        let sent = tokio::task::spawn_blocking(move || self.traces.shutdown().and(self.logs.shutdown())).await;
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
