//! Settings of `newbee healthcheck`: the address of the probe, and its time limit.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use hyper::Uri;

use super::Problems;

/// Probe to send, and its server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Probe")]
pub struct HealthcheckArgs {
    /// Address and port of the server on this machine; 0.0.0.0 and [::] stand for loopback
    #[arg(
        long,
        env = "NEWBEE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: String,
    /// URL of the server instead, such as the metrics address http://127.0.0.1:9464, which gives reasons
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Ask /healthz, whether the process is alive, instead of /readyz, whether it can serve
    #[arg(long)]
    pub alive: bool,
    /// Maximum time of the probe
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub timeout: String,
}

/// Parsed [`HealthcheckArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Host name or address, without brackets.
    pub host: String,
    pub port: u16,
    pub path: String,
    pub timeout: Duration,
}

impl HealthcheckArgs {
    /// Parses the settings.
    pub fn read(&self, problems: &mut Problems) -> Option<Probe> {
        let server = match &self.url {
            Some(url) => read_url(url, problems),
            None => self.read_listen(problems),
        };
        let expected = "a duration from 1ms to 1h, such as 5s";
        let timeout = problems
            .parse::<humantime::Duration>("--timeout", &self.timeout, expected)
            .map(Duration::from)
            .filter(|timeout| {
                let fits = (Duration::from_millis(1)..=Duration::from_secs(3_600)).contains(timeout);
                if !fits {
                    problems.add(format!("--timeout: expected {expected}, got {:?}", self.timeout));
                }
                fits
            });
        let (host, port, prefix) = server?;
        let probe = if self.alive { "healthz" } else { "readyz" };
        Some(Probe {
            host,
            port,
            path: format!("{prefix}/{probe}"),
            timeout: timeout?,
        })
    }

    fn read_listen(&self, problems: &mut Problems) -> Option<(String, u16, String)> {
        let setting = "NEWBEE_LISTEN (or --listen)";
        let expected = "an address and port such as 127.0.0.1:8080";
        let listen: SocketAddr = problems.parse(setting, &self.listen, expected)?;
        if listen.port() == 0 {
            problems.add(format!(
                "{setting}: port 0 stands for any free port, so the port is unknown. Name the server with --url"
            ));
            return None;
        }
        Some((reachable(listen.ip()).to_string(), listen.port(), String::new()))
    }
}

fn read_url(url: &str, problems: &mut Problems) -> Option<(String, u16, String)> {
    let parsed = url.trim().parse::<Uri>().ok().filter(|uri| {
        let is_plain = uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'));
        uri.scheme_str() == Some("http") && is_plain && uri.query().is_none()
    });
    let Some(uri) = parsed else {
        problems.add(format!(
            "--url: expected http:// with a host and a port, such as http://127.0.0.1:8080, got {url:?}"
        ));
        return None;
    };
    let host = uri.host().unwrap_or_default();
    let host = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    let host = match host.parse::<IpAddr>() {
        Ok(address) => reachable(address).to_string(),
        Err(_) => host.to_owned(),
    };
    let prefix = uri.path().trim_end_matches('/').to_owned();
    Some((host, uri.port_u16().unwrap_or(80), prefix))
}

/// Returns the loopback address for the address that stands for all, which cannot be connected to everywhere.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(listen: &str, url: Option<&str>, alive: bool, timeout: &str) -> Result<String, String> {
        let args = HealthcheckArgs {
            listen: listen.into(),
            url: url.map(str::to_owned),
            alive,
            timeout: timeout.into(),
        };
        let mut problems = Problems::default();
        let probe = args.read(&mut problems);
        problems.into_result().map_err(|problems| problems.to_string())?;
        let Probe { host, port, path, .. } = probe.expect("no problem was found");
        Ok(format!("{host} {port} {path}"))
    }

    #[test]
    fn the_address_of_all_interfaces_is_asked_at_loopback() {
        for (listen, expected) in [
            ("127.0.0.1:8080", "127.0.0.1 8080 /readyz"),
            ("0.0.0.0:80", "127.0.0.1 80 /readyz"),
            ("[::]:8080", "::1 8080 /readyz"),
            ("192.0.2.7:8080", "192.0.2.7 8080 /readyz"),
        ] {
            assert_eq!(read(listen, None, false, "5s").as_deref(), Ok(expected));
        }
        for (url, expected) in [
            ("http://0.0.0.0:9464", "127.0.0.1 9464 /healthz"),
            ("http://[::]:9464/", "::1 9464 /healthz"),
            ("http://newbee.example", "newbee.example 80 /healthz"),
            ("http://newbee.example/rewards/", "newbee.example 80 /rewards/healthz"),
        ] {
            assert_eq!(read("unused", Some(url), true, "5s").as_deref(), Ok(expected));
        }
    }

    #[test]
    fn every_problem_is_reported() {
        for (listen, url, timeout, part) in [
            ("8080", None, "5s", "_LISTEN"),
            ("127.0.0.1:0", None, "5s", "port 0"),
            ("127.0.0.1:8080", None, "soon", "--timeout"),
            ("127.0.0.1:8080", None, "0s", "--timeout"),
            (
                "127.0.0.1:8080",
                Some("https://newbee.example"),
                "5s",
                "expected http://",
            ),
            ("127.0.0.1:8080", Some("127.0.0.1:8080"), "5s", "expected http://"),
            (
                "127.0.0.1:8080",
                Some("http://me@newbee.example"),
                "5s",
                "expected http://",
            ),
        ] {
            let said = read(listen, url, false, timeout).unwrap_err();
            assert!(said.contains(part), "{part} is missing in: {said}");
        }
    }
}
