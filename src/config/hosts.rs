//! Splits a database URL with a list of hosts into one URL for each, as libpq understands such lists.

use form_urlencoded::byte_serialize;

/// Parameters that are not passed on to the driver, which does not know lists.
const LISTED: [&str; 3] = ["host", "port", "target_session_attrs"];

/// Returns one URL per host.
///
/// # Errors
/// Returns what is wrong with the list. The text contains neither user names nor passwords.
pub fn split(url: &str) -> Result<Vec<String>, String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Ok(vec![url.to_owned()]);
    };
    let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match location.find('/') {
        Some(slash) => location.split_at(slash),
        None => (location, ""),
    };
    let (user, addresses) = match authority.rfind('@') {
        Some(at) => authority.split_at(at + 1),
        None => ("", authority),
    };
    let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let parameter = |name: &str| {
        parameters
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value)
    };
    if let Some(attributes) = parameter("target_session_attrs").filter(|given| *given != "read-write") {
        return Err(format!(
            "target_session_attrs={attributes} is not supported: newbee itself finds the host that accepts writes. Write read-write, or \
             omit it"
        ));
    }
    let hosts: Vec<&str> = parameter("host")
        .map_or_else(|| addresses.split(','), |hosts| hosts.split(','))
        .collect();
    let is_list = hosts.len() > 1;
    if !is_list && parameter("target_session_attrs").is_none() {
        return Ok(vec![url.to_owned()]);
    }
    if is_list && hosts.iter().any(|host| host.is_empty() || host.starts_with(':')) {
        return Err("the list of hosts has an empty entry".to_owned());
    }
    let ports: Vec<&str> = parameter("port")
        .map(|ports| ports.split(',').collect())
        .unwrap_or_default();
    if ports.len() > 1 && ports.len() != hosts.len() {
        return Err(format!(
            "there are {} hosts and {} ports: write one port, or one for each host",
            hosts.len(),
            ports.len()
        ));
    }
    // As they are written: an encoded password in them stays encoded.
    let others = query.split('&').filter(|pair| !pair.is_empty());
    let others = others.filter(|pair| !LISTED.contains(&pair.split('=').next().unwrap_or_default()));
    let others: Vec<&str> = others.collect();
    let of_host = |(place, host): (usize, &&str)| {
        let mut pairs: Vec<String> = others.iter().map(|pair| (*pair).to_owned()).collect();
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let address = if parameter("host").is_some() {
            pairs.push(format!("host={}", encoded(host)));
            "localhost"
        } else {
            host
        };
        if let Some(port) = ports.get(place).or(ports.first()) {
            pairs.push(format!("port={}", encoded(port)));
        }
        let mark = if pairs.is_empty() { "" } else { "?" };
        format!("{scheme}://{user}{address}{path}{mark}{}", pairs.join("&"))
    };
    Ok(hosts.iter().enumerate().map(of_host).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_becomes_one_url_per_host() {
        for (url, expected) in [
            (
                "postgres://me@h1:1/x?sslmode=disable",
                vec!["postgres://me@h1:1/x?sslmode=disable"],
            ),
            (
                "postgres://me:a%2Cb@h1:1,h2/x?target_session_attrs=read-write&sslmode=require",
                vec![
                    "postgres://me:a%2Cb@h1:1/x?sslmode=require",
                    "postgres://me:a%2Cb@h2/x?sslmode=require",
                ],
            ),
            (
                "postgres://me@[::1]:1,[::2]:2/x",
                vec!["postgres://me@[::1]:1/x", "postgres://me@[::2]:2/x"],
            ),
            (
                "postgres://me@/x?host=/a,/b&port=6000",
                vec![
                    "postgres://me@localhost/x?host=%2Fa&port=6000",
                    "postgres://me@localhost/x?host=%2Fb&port=6000",
                ],
            ),
            (
                "postgres:///x?host=h1%2Ch2&port=1,2",
                vec![
                    "postgres://localhost/x?host=h1&port=1",
                    "postgres://localhost/x?host=h2&port=2",
                ],
            ),
            (
                "postgres://h1/x?target_session_attrs=read-write",
                vec!["postgres://h1/x"],
            ),
        ] {
            assert_eq!(
                split(url).as_deref(),
                Ok(&expected.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>()[..]),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_list_is_named() {
        for (url, part) in [
            (
                "postgres://me@h1,h2/x?target_session_attrs=any",
                "target_session_attrs=any",
            ),
            ("postgres://me@h1/x?target_session_attrs=standby", "read-write"),
            ("postgres://me@h1,,h2/x", "empty"),
            ("postgres://me@h1,:5/x", "empty"),
            ("postgres://me@h1,h2,h3/x?port=1,2", "3 hosts and 2 ports"),
        ] {
            let problem = split(url).unwrap_err();
            assert!(problem.contains(part), "{url}: {problem}");
        }
    }
}
