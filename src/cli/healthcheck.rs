//! `newbee healthcheck`: asks a server whether it can serve, for probes of containers without curl.

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::output;
use crate::config::{HealthcheckArgs, Probe, Problems};

/// Maximum size of a reply that is read, in bytes.
const MAX_REPLY_BYTES: u64 = 64 * 1024;

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee healthcheck\n  newbee healthcheck --alive\n  newbee healthcheck --url http://127.0.0.1:9464\n\n\
    Exit code 0 if the server is ready (or alive), else 1. Does not use the database itself."
)]
pub struct Arguments {
    #[command(flatten)]
    probe: HealthcheckArgs,
}

/// Runs `newbee healthcheck`.
///
/// # Errors
/// The configuration is invalid, the server cannot be reached in time, or it is not ready.
pub async fn run(args: &Arguments, mut problems: Problems) -> anyhow::Result<()> {
    let probe = args.probe.read(&mut problems);
    problems.into_result()?;
    let probe = probe.expect("no problem was found");
    let url = url_of(&probe);
    let reply = match tokio::time::timeout(probe.timeout, ask(&probe)).await {
        Ok(reply) => reply.with_context(|| format!("{url} cannot be reached"))?,
        Err(_) => bail!(
            "{url} did not answer within {}.",
            humantime::format_duration(probe.timeout)
        ),
    };
    let Some((status, body)) = parse(&reply) else {
        bail!("{url} did not answer with HTTP.");
    };
    if status != 200 {
        bail!("{url} answered {status}{}.", reasons(body));
    }
    Ok(output::line(format_args!(
        "{}",
        if args.probe.alive { "alive" } else { "ready" }
    ))?)
}

fn url_of(probe: &Probe) -> String {
    format!("http://{}{}", authority(probe), probe.path)
}

fn authority(probe: &Probe) -> String {
    match probe.host.contains(':') {
        true => format!("[{}]:{}", probe.host, probe.port),
        false => format!("{}:{}", probe.host, probe.port),
    }
}

async fn ask(probe: &Probe) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect((probe.host.as_str(), probe.port)).await?;
    let (path, host) = (&probe.path, authority(probe));
    // HTTP/1.0, so that the reply is not chunked and its end is that of the connection.
    let request = format!("GET {path} HTTP/1.0\r\nhost: {host}\r\nuser-agent: newbee-healthcheck\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut reply = Vec::new();
    stream.take(MAX_REPLY_BYTES).read_to_end(&mut reply).await?;
    Ok(reply)
}

/// Returns the status and the body of a reply; `None` if it is not HTTP/1.
fn parse(reply: &[u8]) -> Option<(u16, &str)> {
    let text = str::from_utf8(reply).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, body))
}

/// Returns the failed checks of a body of `/readyz`, with a leading colon; empty if it names none.
fn reasons(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let checks = body["checks"].as_object().into_iter().flat_map(Map::iter);
    let failed: Vec<String> = checks
        .filter_map(|(name, outcome)| Some((name, outcome.as_str()?)))
        .filter(|(_, outcome)| *outcome != "ok")
        .map(|(name, outcome)| format!("{name}: {outcome}"))
        .collect();
    match failed.is_empty() {
        true => String::new(),
        false => format!(": {}", failed.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_checks_are_listed() {
        let reply = b"HTTP/1.1 503 Service Unavailable\r\nx: y\r\n\r\n\
            {\"status\":\"not ready\",\"checks\":{\"database\":\"ok\",\"writes\":\"failed\",\"clock\":\"off\"}}";
        let (status, body) = parse(reply).expect("a reply");
        assert_eq!(status, 503);
        assert_eq!(reasons(body), ": clock: off; writes: failed");
        for other in ["", "<html>", "[]", "{\"checks\":[]}"] {
            assert_eq!(reasons(other), "");
        }
        for other in [&b"SSH-2.0-x\r\n"[..], b"", b"HTTP/1.1\r\n\r\n", b"\xff"] {
            assert_eq!(parse(other), None);
        }
    }
}
