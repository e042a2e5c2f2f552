//! CORS: origins of other sites whose pages may call the customer APIs.

use clap::Args;

use super::Problems;

/// Origins that may call from a browser.
#[derive(Args, Clone, Debug, Default)]
pub struct CorsOriginsArgs {
    /// Comma-separated origins whose pages may call /graphql and /customer/… from a browser, such as
    /// https://app.example,http://localhost:5173; or * for all. Without it, only pages of newbee's own origin may.
    /// Never applies to the admin API
    #[arg(long, env = "NEWBEE_CORS_ORIGINS", value_name = "ORIGINS")]
    pub cors_origins: Option<String>,
}

/// Parsed [`CorsOriginsArgs`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// Only pages of newbee's own origin, which need no CORS headers.
    #[default]
    None,
    /// Pages of any origin.
    Any,
    /// These origins, as browsers write them in the `Origin` header.
    Listed(Vec<String>),
}

impl CorsOriginsArgs {
    /// Parses the origins; none if nothing is configured.
    pub fn read(&self, problems: &mut Problems) -> Option<Origins> {
        let text = self.cors_origins.as_deref().unwrap_or_default();
        let entries: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .collect();
        match entries[..] {
            [] => return Some(Origins::None),
            ["*"] => return Some(Origins::Any),
            _ => {}
        }
        let mut origins = Vec::new();
        let mut all_are_good = true;
        for entry in entries {
            match parse_origin(entry) {
                Ok(origin) => origins.push(origin),
                Err(wrong) => {
                    all_are_good = false;
                    problems.add(format!("NEWBEE_CORS_ORIGINS (or --cors-origins): {entry:?} {wrong}"));
                }
            }
        }
        all_are_good.then_some(Origins::Listed(origins))
    }
}

/// Parses an origin as browsers write it: scheme, host, and the port unless it is the default of the scheme. Any
/// other spelling would never match.
fn parse_origin(entry: &str) -> Result<String, String> {
    let entry = entry.to_ascii_lowercase();
    if entry.contains('*') {
        return Err("contains a *: list each origin, or use * alone to allow all".to_owned());
    }
    let Some((scheme, authority)) = entry.split_once("://") else {
        return Err(
            "is not an origin: expected scheme://host or scheme://host:port, such as https://app.example".to_owned(),
        );
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "+.-".contains(letter));
    if !is_scheme {
        return Err("has no valid scheme, such as https, before ://".to_owned());
    }
    if let Some(end) = authority.find(['/', '?', '#']) {
        return Err(format!("has a path: write {scheme}://{} instead", &authority[..end]));
    }
    let (host, port) = split_port(authority);
    let is_host = !host.is_empty()
        && host
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-._[]:".contains(letter));
    if !is_host {
        return Err("has no valid host; write internationalized names in their xn-- form".to_owned());
    }
    match port {
        None => {}
        Some(port) if port.parse::<u16>().is_err() => return Err("has an invalid port".to_owned()),
        Some(port) if matches!((scheme, port), ("https", "443") | ("http", "80")) => {
            return Err(format!(
                "has the default port, which browsers omit: write {scheme}://{host}"
            ));
        }
        Some(_) => {}
    }
    Ok(entry)
}

/// Splits host and port. The colons of an IPv6 address are inside brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Origins, String> {
        let mut problems = Problems::default();
        let args = CorsOriginsArgs {
            cors_origins: Some(text.to_owned()),
        };
        let origins = args.read(&mut problems);
        problems.into_result().map_err(|problems| problems.to_string())?;
        Ok(origins.expect("there was no problem"))
    }

    #[test]
    fn origins_are_listed_or_all_or_none() {
        assert_eq!(read(""), Ok(Origins::None));
        assert_eq!(read(" * "), Ok(Origins::Any));
        let listed = "https://App.example, http://localhost:5173,capacitor://localhost,http://[::1]:8080";
        let expected = [
            "https://app.example",
            "http://localhost:5173",
            "capacitor://localhost",
            "http://[::1]:8080",
        ];
        assert_eq!(read(listed), Ok(Origins::Listed(expected.map(String::from).to_vec())));
    }

    #[test]
    fn every_origin_that_would_never_match_is_reported() {
        for wrong in [
            "app.example",
            "null",
            "https://",
            "https://app.example/",
            "https://app.example/path",
            "https://app.example:443",
            "http://app.example:80",
            "https://app.example:x",
            "https://me@app.example",
            "https://*.app.example",
            "*, https://app.example",
            "https://bücher.example",
            "://app.example",
        ] {
            let said = read(wrong).expect_err(wrong);
            assert!(said.contains("NEWBEE_CORS_ORIGINS"), "{said}");
        }
        let said = read("app.example, https://app.example/, https://good.example").unwrap_err();
        assert_eq!(said.matches("NEWBEE_CORS_ORIGINS").count(), 2, "{said}");
    }
}
