//! Access control of the endpoints: rate limits, trusted proxies, and schema introspection.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;

use super::Problems;
use crate::domain::number::plain_number;

/// Access settings; a setting that is left out has the default of the role, `serve` or `demo`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Access")]
pub struct AccessArgs {
    /// Introspection of the customer schema, and suggestions in error messages: on or off (serve: off, demo: on)
    #[arg(long, env = "NEWBEE_INTROSPECTION", value_name = "on|off")]
    pub introspection: Option<String>,
    /// Rate limit per session, such as 600/1m, or off (serve: 600/1m, demo: off); API keys have ten times this limit
    #[arg(long, env = "NEWBEE_SESSION_RATE", value_name = "REQUESTS/TIME|off")]
    pub session_rate: Option<String>,
    /// Rate limit per client address, such as 6000/1m, or off (serve: 6000/1m, demo: off); a tenth of it for requests
    /// with unknown keys
    #[arg(long, env = "NEWBEE_ADDRESS_RATE", value_name = "REQUESTS/TIME|off")]
    pub address_rate: Option<String>,
    /// Comma-separated proxy addresses or CIDR ranges, such as 10.0.0.0/8,::1, whose X-Forwarded-For and Forwarded
    /// headers are trusted
    #[arg(long, env = "NEWBEE_TRUSTED_PROXIES", value_name = "ADDRESSES")]
    pub trusted_proxies: Option<String>,
}

/// Parsed [`AccessArgs`]. The default has no restrictions, as in the demo and in tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessSettings {
    /// True if customers may introspect the schema.
    pub introspection: bool,
    /// Rate limit per session; `None` for unlimited.
    pub session_rate: Option<Rate>,
    /// Rate limit per client address; `None` for unlimited.
    pub address_rate: Option<Rate>,
    /// Proxies whose forwarding headers are trusted.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            introspection: true,
            session_rate: None,
            address_rate: None,
            trusted_proxies: Vec::new(),
        }
    }
}

impl AccessSettings {
    /// Defaults of `serve`. Many clients may share one address behind a router.
    pub fn for_serve() -> Self {
        Self {
            introspection: false,
            session_rate: Some(Rate::a_minute(600)),
            address_rate: Some(Rate::a_minute(6_000)),
            trusted_proxies: Vec::new(),
        }
    }

    /// Defaults of `demo`.
    pub fn of_demo() -> Self {
        Self::default()
    }
}

/// Maximum number of requests per period, in a burst or evenly spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub requests: NonZeroU32,
    pub time: Duration,
}

impl Rate {
    const MAX_REQUESTS: u32 = 1_000_000;
    const SHORTEST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    const fn a_minute(requests: u32) -> Self {
        Self {
            requests: NonZeroU32::new(requests).expect("more than none"),
            time: Duration::from_secs(60),
        }
    }
}

impl FromStr for Rate {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (requests, time) = text.split_once('/').ok_or(())?;
        let requests: NonZeroU32 = plain_number(requests.trim()).ok_or(())?;
        let time: Duration = humantime::parse_duration(time.trim()).map_err(|_| ())?;
        let fits = requests.get() <= Self::MAX_REQUESTS && (Self::SHORTEST..=Self::LONGEST).contains(&time);
        fits.then_some(Self { requests, time }).ok_or(())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.requests, humantime::format_duration(self.time))
    }
}

impl AccessArgs {
    /// Parses the settings; `defaults` are those of the role.
    pub fn read(&self, defaults: AccessSettings, problems: &mut Problems) -> Option<AccessSettings> {
        let introspection = match &self.introspection {
            None => Some(defaults.introspection),
            Some(text) => problems.parse_switch("NEWBEE_INTROSPECTION (or --introspection)", text),
        };
        let session_rate = read_rate(
            "NEWBEE_SESSION_RATE (or --session-rate)",
            self.session_rate.as_deref(),
            defaults.session_rate,
            problems,
        );
        let address_rate = read_rate(
            "NEWBEE_ADDRESS_RATE (or --address-rate)",
            self.address_rate.as_deref(),
            defaults.address_rate,
            problems,
        );
        let trusted_proxies = match &self.trusted_proxies {
            None => Some(defaults.trusted_proxies),
            Some(text) => read_networks(text, problems),
        };
        Some(AccessSettings {
            introspection: introspection?,
            session_rate: session_rate?,
            address_rate: address_rate?,
            trusted_proxies: trusted_proxies?,
        })
    }
}

fn read_rate(
    setting: &str,
    text: Option<&str>,
    default: Option<Rate>,
    problems: &mut Problems,
) -> Option<Option<Rate>> {
    match text.map(str::trim) {
        None => Some(default),
        Some("off") => Some(None),
        Some(text) => {
            let expected = "requests and a time from 1s to 1day, such as 600/1m, or off";
            problems.parse(setting, text, expected).map(Some)
        }
    }
}

fn read_networks(text: &str, problems: &mut Problems) -> Option<Vec<IpNet>> {
    let entries = text.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    let networks: Vec<Option<IpNet>> = entries
        .map(|entry| {
            let address = entry
                .parse::<IpAddr>()
                .map(|address| IpNet::from(address.to_canonical()));
            let network = address.or_else(|_| entry.parse::<IpNet>()).ok();
            if network.is_none() {
                problems.add(format!(
                    "NEWBEE_TRUSTED_PROXIES (or --trusted-proxies): expected addresses or networks such as \
                     10.0.0.0/8,192.0.2.7,::1, got {entry:?}"
                ));
            }
            network
        })
        .collect();
    networks.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &AccessArgs, defaults: AccessSettings) -> Result<AccessSettings, String> {
        let mut problems = Problems::default();
        let settings = args.read(defaults, &mut problems);
        problems.into_result().map_err(|problems| problems.to_string())?;
        Ok(settings.expect("no problem was found"))
    }

    #[test]
    fn omitted_settings_default_to_the_role() {
        for defaults in [AccessSettings::for_serve(), AccessSettings::of_demo()] {
            assert_eq!(read(&AccessArgs::default(), defaults.clone()), Ok(defaults));
        }
        assert!(!AccessSettings::for_serve().introspection && AccessSettings::of_demo().introspection);
        assert_eq!(AccessSettings::for_serve().session_rate.unwrap().to_string(), "600/1m");
    }

    #[test]
    fn valid_settings_are_parsed() {
        let args = AccessArgs {
            introspection: Some("on".into()),
            session_rate: Some(" 1200/1m ".into()),
            address_rate: Some("off".into()),
            trusted_proxies: Some("10.0.0.0/8, 192.0.2.7 ::1,2001:db8::/32,::ffff:192.0.2.9".into()),
        };
        let settings = read(&args, AccessSettings::for_serve()).unwrap();
        assert!(settings.introspection);
        assert_eq!(settings.session_rate, Some(Rate::a_minute(1_200)));
        assert_eq!(settings.address_rate, None);
        let networks: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
        assert_eq!(
            networks,
            ["10.0.0.0/8", "192.0.2.7/32", "::1/128", "2001:db8::/32", "192.0.2.9/32"]
        );
    }

    #[test]
    fn every_problem_is_reported() {
        let args = AccessArgs {
            introspection: Some("maybe".into()),
            session_rate: Some("600".into()),
            address_rate: Some("6000/minute!".into()),
            trusted_proxies: Some("10.0.0.0/8,my-proxy,10.0.0.0/33".into()),
        };
        let said = read(&args, AccessSettings::for_serve()).unwrap_err();
        for part in [
            "INTROSPECTION",
            "SESSION_RATE",
            "\"600\"",
            "ADDRESS_RATE",
            "\"my-proxy\"",
            "10.0.0.0/33",
        ] {
            assert!(said.contains(part), "{part} is missing in: {said}");
        }
        for rate in [
            "0/1m",
            "-1/1m",
            "+1/1m",
            "1.5/1m",
            "1/0s",
            "1/1ms",
            "1/2days",
            "9999999/1m",
            "1/1m/1m",
            "/1m",
            "on",
        ] {
            assert_eq!(rate.parse::<Rate>(), Err(()), "{rate}");
        }
    }
}
