//! Logging options.

use clap::Args;

use super::{GLOBAL_OPTIONS, Problems};

/// Libraries that log each statement, or each step of their start, at level info.
const QUIET_LIBRARIES: [&str; 2] = ["sqlx", "tokio_cron_scheduler"];

/// Logging options. Logs are written to standard error.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = GLOBAL_OPTIONS)]
pub struct LogArgs {
    /// Log filter: off, error, warn, info, debug, or a list such as info,newbee::scheduler=debug [default: info; off
    /// for commands on a terminal other than serve and demo]
    #[arg(long, env = "NEWBEE_LOG", value_name = "FILTER", global = true)]
    pub log: Option<String>,
    /// Log format: text for reading, json for processing
    #[arg(
        long,
        env = "NEWBEE_LOG_FORMAT",
        value_name = "text|json",
        default_value = "text",
        global = true
    )]
    pub log_format: String,
}

/// Parsed log format of [`LogArgs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl LogArgs {
    /// Returns the filter and the format; `default` is the filter if none is configured.
    pub fn read(&self, default: &str, problems: &mut Problems) -> Option<(tracing_subscriber::EnvFilter, LogFormat)> {
        let format = match self.log_format.as_str() {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            other => {
                problems.add(format!(
                    "NEWBEE_LOG_FORMAT (or --log-format): expected text or json, got {other:?}"
                ));
                None
            }
        };
        let log = self.log.as_deref().map_or(default, str::trim);
        // Info messages of these libraries are suppressed unless the filter names the library.
        let quiet = QUIET_LIBRARIES
            .iter()
            .filter(|library| log != "off" && !log.contains(**library));
        let filter = quiet.fold(log.to_owned(), |filter, library| format!("{filter},{library}=warn"));
        let filter = problems.parse(
            "NEWBEE_LOG (or --log)",
            &filter,
            "a level such as info, or a list such as info,newbee=debug",
        );
        Some((filter?, format?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_log_warnings_only_unless_they_are_named() {
        let filter = |log: &str| {
            let log = LogArgs {
                log: Some(log.into()),
                log_format: "text".into(),
            };
            let (filter, _) = log.read("info", &mut Problems::default()).expect("a filter");
            filter.to_string()
        };
        let quiet = filter("info");
        assert!(
            quiet.contains("sqlx=warn") && quiet.contains("tokio_cron_scheduler=warn"),
            "{quiet}"
        );
        assert!(!filter("info,sqlx=debug").contains("sqlx=warn"));
    }
}
