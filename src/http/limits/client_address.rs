//! Client address that a request counts for: the peer, or the address reported by a trusted proxy.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Rate-limit key of a client: its IPv4 address, or its IPv6 /64 prefix (one subscriber controls a whole /64).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAddress {
    V4([u8; 4]),
    V6Network([u8; 8]),
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [network @ .., _, _, _, _, _, _, _, _] = address.octets();
                Self::V6Network(network)
            }
        }
    }
}

/// Trusted proxies: their forwarding headers are used.
#[derive(Clone, Debug)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Returns true if the address is a trusted proxy.
    pub fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the client address of a request received from `peer`.
    ///
    /// Each proxy appends the address it received the request from, so the chain is read from the right. Everything
    /// left of the first address that is not a trusted proxy is unverified. If the two headers name different clients,
    /// one of them was passed on unchanged by the proxy, and either may be forged by the client: the address of the
    /// proxy is used then.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.include(peer) {
            return peer;
        }
        let one = headers
            .contains_key(X_FORWARDED_FOR)
            .then(|| self.client_in(peer, listed(headers, &X_FORWARDED_FOR).map(|entry| address(&entry))));
        let other = headers
            .contains_key(FORWARDED)
            .then(|| self.client_in(peer, listed(headers, &FORWARDED).map(|element| forwarded_for(&element))));
        match (one, other) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        }
    }

    /// Reads the chain from the right to the first address that is not a trusted proxy. An entry that is not an address
    /// ends the chain: the proxy that added it counts as the client.
    fn client_in(&self, peer: IpAddr, chain: impl DoubleEndedIterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut client = peer;
        for hop in chain.rev() {
            let Some(hop) = hop else { break };
            client = hop;
            if !self.include(hop) {
                break;
            }
        }
        client
    }
}

/// Returns the entries of a list header over all its lines, split at commas outside quotes. A line that is not text
/// counts as one entry that is not an address.
fn listed(headers: &HeaderMap, name: &HeaderName) -> std::vec::IntoIter<String> {
    let mut entries = Vec::new();
    for line in headers.get_all(name) {
        let text = line.to_str().unwrap_or("?");
        let mut entry = String::new();
        let mut is_quoted = false;
        for letter in text.chars() {
            match letter {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => {
                    entries.push(std::mem::take(&mut entry));
                    continue;
                }
                _ => {}
            }
            entry.push(letter);
        }
        entries.push(entry);
    }
    entries.into_iter()
}

/// Returns the `for` address of an element of `Forwarded` (RFC 7239): `for=192.0.2.7;proto=https`,
/// `For="[2001:db8::1]:4711"`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .and_then(|(_, value)| address(value.trim().trim_matches('"')))
}

/// Parses an address as proxies write it: plain, with a port, or IPv6 in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address: IpAddr = bare
        .parse()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let networks = ["10.0.0.0/8", "2001:db8:aaaa::/48"].map(|network| network.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let proxies = TrustedProxies::new(networks.to_vec());
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn only_headers_of_trusted_proxies_are_used() {
        let says = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.7")];
        assert_eq!(client("198.51.100.1", &says), "198.51.100.1");
        assert_eq!(client(PROXY, &says), "192.0.2.7");
        assert_eq!(client("::ffff:10.0.0.1", &says), "192.0.2.7", "the same proxy by IPv6");
        assert_eq!(client("2001:db8:aaaa::1", &says), "192.0.2.7");
        assert_eq!(client(PROXY, &[]), PROXY);
    }

    #[test]
    fn the_rightmost_untrusted_entry_is_the_client() {
        let by = |chain: &str| client(PROXY, &[("x-forwarded-for", chain)]);
        assert_eq!(
            by("203.0.113.9, 192.0.2.7"),
            "192.0.2.7",
            "entries left of it are not verified"
        );
        assert_eq!(by("203.0.113.9, 192.0.2.7, 10.9.9.9"), "192.0.2.7");
        assert_eq!(by("10.9.9.9, 10.8.8.8"), "10.9.9.9", "all of them are proxies");
        assert_eq!(by("192.0.2.7, garbage"), PROXY);
        assert_eq!(by("192.0.2.7, unknown, 10.9.9.9"), "10.9.9.9");
        assert_eq!(by(""), PROXY);
        assert_eq!(by(" 192.0.2.7:4711 "), "192.0.2.7");
        assert_eq!(by("[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(by("2001:db8::7"), "2001:db8::7");
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "192.0.2.7")];
        assert_eq!(client(PROXY, &lines), "192.0.2.7", "the last line is the rightmost");
        assert_eq!(client(PROXY, &[("x-forwarded-for", "192.0.2.7,\u{e9}")]), PROXY);
    }

    #[test]
    fn forwarded_is_read_the_same_way() {
        let by = |chain: &str| client(PROXY, &[("forwarded", chain)]);
        assert_eq!(
            by("for=203.0.113.9, for=192.0.2.7;proto=https;by=10.0.0.1"),
            "192.0.2.7"
        );
        assert_eq!(by("proto=https;For=\"[2001:db8::7]:4711\""), "2001:db8::7");
        assert_eq!(
            by("for=\"192.0.2.7, 203.0.113.9\""),
            PROXY,
            "a quoted comma does not separate entries"
        );
        assert_eq!(by("for=_hidden"), PROXY);
        assert_eq!(by("proto=https"), PROXY);
    }

    #[test]
    fn contradicting_headers_are_ignored() {
        let both = |one, other| client(PROXY, &[("x-forwarded-for", one), ("forwarded", other)]);
        assert_eq!(both("192.0.2.7", "for=192.0.2.7"), "192.0.2.7");
        assert_eq!(both("192.0.2.7", "for=203.0.113.9"), PROXY);
    }

    #[test]
    fn an_ipv6_client_is_identified_by_its_prefix() {
        let of = |text: &str| ClientAddress::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
