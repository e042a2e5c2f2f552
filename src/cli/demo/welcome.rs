//! Text printed when the demo starts serving. It fits a terminal of 80 columns and 24 lines; the address to open comes
//! last, so that it stays visible.

use std::fmt;
use std::net::SocketAddr;

use crate::cli::metrics;
use crate::demo::{DEMO_API_KEY, DEMO_USERS, DemoData};
use crate::domain::draw_keys::DEMO_KEY_NAME;
use crate::web::playground::BUILD_COMMAND;

/// Data for the welcome text of a demo.
pub(super) struct Welcome {
    pub address: SocketAddr,
    /// Address of the metrics; `None` if the default port was in use.
    pub metrics: Option<SocketAddr>,
    /// `None` if the playground is off; else true if its pages are built or being built.
    pub playground: Option<bool>,
    /// URL of the private database.
    pub database_url: Option<String>,
    pub data: DemoData,
}

impl fmt::Display for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address;
        let data = match self.data {
            DemoData::Made => "with a newly created month of history",
            DemoData::FoundFromBefore => "with the data of an earlier start",
        };
        writeln!(f, "newbee demo, {data}. Ctrl-C stops everything.\n")?;
        writeln!(f, "Public keys, valid in this demo only:")?;
        for user in &DEMO_USERS {
            writeln!(f, "  {:<22}  {:<9} {}", user.session_key, user.name, user.shows)?;
        }
        writeln!(
            f,
            "  {DEMO_API_KEY:<22}  {:<9} for the admin API and the ops page\n",
            "API key"
        )?;
        writeln!(f, "A first query:")?;
        writeln!(
            f,
            "  curl -s http://{address}/graphql -H 'Content-Type: application/json' \\"
        )?;
        writeln!(f, "    -H 'Authorization: Bearer {}' \\", DEMO_USERS[0].session_key)?;
        writeln!(f, "    -d '{{\"query\":\"{{ me {{ name signIn {{ streak }} }} }}\"}}'")?;
        if let Some(url) = &self.database_url {
            writeln!(
                f,
                "Other commands, in a second terminal, need:\n  export DATABASE_URL='{url}'\n  export NEWBEE_DRAW_KEY={DEMO_KEY_NAME}"
            )?;
        }
        match self.metrics {
            Some(metrics) => writeln!(f, "Metrics: http://{metrics}/metrics\n")?,
            None => writeln!(
                f,
                "Metrics: off, port {} is in use (--metrics-listen)\n",
                metrics::OF_THE_DEMO.port()
            )?,
        }
        if self.playground == Some(false) {
            writeln!(f, "  playground    not in this build; in a clone: {BUILD_COMMAND}")?;
        }
        writeln!(f, "  start page    http://{address}/   (all pages and endpoints)")?;
        if self.playground == Some(true) {
            writeln!(
                f,
                "  playground    http://{address}/graphiql/   (in a browser: start here)"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcome(playground: Option<bool>) -> String {
        let welcome = Welcome {
            address: "127.0.0.1:8080".parse().expect("an address"),
            metrics: Some(metrics::OF_THE_DEMO),
            playground,
            database_url: Some("postgres://postgres@localhost/newbee?host=%2Frun".to_owned()),
            data: DemoData::Made,
        };
        welcome.to_string()
    }

    #[test]
    fn it_fits_a_terminal_and_the_address_to_open_comes_last() {
        let text = welcome(Some(true));
        // The URL of the database wraps to a second line in most folders.
        assert!(text.lines().count() < 23, "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert!(
            text.lines()
                .last()
                .expect("a line")
                .contains("http://127.0.0.1:8080/graphiql/")
        );
    }

    #[test]
    fn the_playground_is_not_mentioned_if_it_is_unavailable() {
        for playground in [None, Some(false)] {
            let text = welcome(playground);
            assert!(!text.contains("/graphiql/"), "{text}");
            assert!(text.lines().last().expect("a line").contains("http://127.0.0.1:8080/ "));
        }
        assert!(welcome(Some(false)).contains("not in this build"));
    }
}
