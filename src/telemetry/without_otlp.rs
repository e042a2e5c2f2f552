//! Takes the place of the export in builds without the feature `otlp`.

use tracing::{Span, Subscriber};
use tracing_subscriber::layer::Identity;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use super::ENDPOINT;

/// No exporters.
pub enum Exporters {}

impl Exporters {
    /// Returns `None`.
    ///
    /// # Errors
    /// If a collector is configured.
    pub fn of_environment() -> Result<Option<Self>, String> {
        if std::env::var_os(ENDPOINT).unwrap_or_default().is_empty() {
            return Ok(None);
        }
        Err(format!(
            "{ENDPOINT}: this program was built without the feature otlp, and exports nothing. Unset the variable, or build \
             with the default features"
        ))
    }

    /// Layer that does nothing.
    pub fn layer<S>(&self, _: &EnvFilter) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        Identity::new()
    }

    /// Does nothing.
    ///
    /// # Errors
    /// Never.
    pub async fn finish(self) -> Result<(), String> {
        match self {}
    }
}

/// Does nothing: spans are not recorded.
pub fn link_trace(_: &Span, _: Option<&str>) {}
