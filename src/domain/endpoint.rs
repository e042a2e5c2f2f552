//! Endpoints of the host application, to which changes are sent: name, secrets, address, retries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::TimeDelta;
use data_encoding::BASE64;

use super::host_event::{EventId, PositionRejection};
use super::rejection::change::ChangeRejection;
use super::rejection::rejections;

/// Number of failures after which a batch is given up.
pub const MAX_FAILURES: i32 = 100;
/// Maximum number of changes in one request.
pub const MAX_BATCH: i64 = 100;
/// Time for which the previous secret signs too, unless another time is given.
pub const SECRETS_OVERLAP: TimeDelta = TimeDelta::hours(24);

/// Returns the time from the n-th failure of a batch to the next attempt; `None` if it is given up.
pub fn retry_after(failures: i32) -> Option<TimeDelta> {
    match failures {
        ..=1 => Some(TimeDelta::seconds(1)),
        2..=5 => Some(TimeDelta::minutes(1)),
        6..MAX_FAILURES => Some(TimeDelta::minutes(10)),
        _ => None,
    }
}

/// Returns true for 1 to 40 lowercase letters, digits, hyphens and underscores, starting with a letter.
pub fn is_valid_name(name: &str) -> bool {
    let is_tail = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=40).contains(&name.len()) && name.as_bytes()[0].is_ascii_lowercase() && name.bytes().all(is_tail)
}

/// Secret that signs what is sent to an endpoint. Its `Debug` output hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointSecret(pub [u8; 32]);

impl EndpointSecret {
    /// Returns the secret as the host application needs it.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", BASE64.encode(&self.0))
    }
}

impl std::fmt::Debug for EndpointSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EndpointSecret")
    }
}

/// Returns true for addresses that are reachable from the internet and belong to one host there. All others may be
/// services of the installation's own network, which a URL from outside must not reach.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (b == 18 || b == 19));
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // IPv4 in IPv6: mapped, and translated by NAT64.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4 and Teredo carry addresses of other hosts.
        [0x2002, ..] | [0x2001, 0, ..] => false,
        [0x2001, 0xdb8, ..] | [0x3fff, ..] => false,
        // Global unicast is 2000::/3 only.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

rejections! {
    /// Reason why an endpoint was not created or changed.
    #[derive(Copy)]
    pub enum EndpointRejection {
        /// The name is not valid.
        NameInvalid => "ENDPOINT_NAME_INVALID",
            "An endpoint's name is 1-40 characters: lowercase letters, digits, hyphens or underscores, starting with a letter.",
            "端点名称为 1 到 40 个字符：小写字母、数字、连字符或下划线，以字母开头。";
        /// Another endpoint has this name.
        NameTaken => "ENDPOINT_NAME_TAKEN",
            "Another endpoint has this name. Choose another name, or change that endpoint.",
            "已有同名端点。请换一个名称，或修改该端点。";
        /// There is no such endpoint.
        Unknown => "ENDPOINT_UNKNOWN",
            "There is no endpoint with this name. To list the endpoints: newbee endpoint list.",
            "没有这个名称的端点。列出端点：newbee endpoint list。";
        /// The URL is not valid.
        UrlInvalid => "ENDPOINT_URL_INVALID",
            "The URL must be of the form https://host/path, at most 2,000 characters, without user name, password or fragment.",
            "URL 的形式为 https://主机/路径，最多 2,000 个字符，不能含用户名、密码或片段。";
        /// The URL leads to a private address.
        AddressPrivate => "ENDPOINT_ADDRESS_PRIVATE",
            "The URL leads to a private address. If that is intended, create the endpoint with: newbee endpoint create NAME URL --allow-private.",
            "该 URL 指向内网地址。如果确实需要，请用 newbee endpoint create NAME URL --allow-private 创建端点。";
        /// No kind is selected.
        NoKind => "ENDPOINT_NO_KIND",
            "Name at least one kind of change, or leave the kinds out for all.",
            "请至少指定一种变更，或不指定以接收全部。";
        /// The time for the previous secret is out of range.
        OverlapInvalid => "ENDPOINT_OVERLAP_INVALID",
            "The previous secret can sign for 0 to 168 hours (a week).",
            "旧密钥可继续签名 0 到 168 小时（一周）。";
    }
    with { Position(PositionRejection), Change(ChangeRejection) }
}

/// Parameters of a batch that identify it: the same in every attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRange {
    pub endpoint_id: i64,
    pub after: EventId,
    pub through: EventId,
}

impl BatchRange {
    /// Returns the ID of the message.
    pub fn message_id(&self) -> String {
        format!("batch_{}_{}_{}", self.endpoint_id, self.after.0, self.through.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_retried_a_hundred_times_in_less_than_a_day() {
        let delays: Vec<_> = (1..=MAX_FAILURES).map_while(retry_after).collect();
        assert_eq!(delays.len(), 99, "the hundredth failure is the last");
        assert_eq!(delays[0], TimeDelta::seconds(1));
        assert!(delays[1..5].iter().all(|delay| *delay == TimeDelta::minutes(1)));
        assert!(delays[5..].iter().all(|delay| *delay == TimeDelta::minutes(10)));
        assert!(delays.iter().sum::<TimeDelta>() < TimeDelta::days(1));
    }

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for text in [
            "1.1.1.1",
            "93.184.216.34",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_secret_is_shown_in_the_form_of_standard_webhooks() {
        let secret = EndpointSecret([7; 32]);
        assert_eq!(secret.reveal(), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        assert_eq!(format!("{secret:?}"), "EndpointSecret");
    }
}
