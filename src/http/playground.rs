//! The playground: GraphiQL for each of the two APIs, made of the sources in `playground/` by `node build.mjs` there.
//!
//! A release build has the page within; any other reads it from that folder at each request, so that a build shows at once.
//! Without it the service works as ever, and the page says what to do.

use serde::Serialize;

use super::Router;
use super::router::HttpState;
use super::site::{self, Files, Made, Over, Site, site_routes};

/// GraphiQL's editor writes style elements of its own, and its workers are files of the site. Nothing else is let out of
/// [`site::STRICT_POLICY`], and nothing of another host is let in. A test compares the two.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const UNBUILT: &str = include_str!("playground/unbuilt.html");

/// What the pages are told of the server they are on, as `settings.json` beside them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Playground {
    /// Where this is, for people: `demo` or `serve`.
    pub environment: &'static str,
    /// The demo's users; empty anywhere else.
    pub users: Vec<PlaygroundUser>,
    /// The demo's API key; none anywhere else.
    pub api_key: Option<&'static str>,
}

/// Somebody to sign in as, with a key that is public.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaygroundUser {
    pub name: &'static str,
    pub key: &'static str,
    pub shows: &'static str,
    pub is_expired: bool,
}

/// `/graphiql/` for customers and `/admin/graphiql/` for the host and ops: the same files, each with its own settings.
pub(super) fn playground_routes(playground: &Playground) -> Router<HttpState> {
    let customer = Playground {
        api_key: None,
        ..playground.clone()
    };
    let admin = Playground {
        users: Vec::new(),
        ..playground.clone()
    };
    site_routes("/graphiql", page(&customer)).merge(site_routes("/admin/graphiql", page(&admin)))
}

fn page(settings: &Playground) -> Site {
    let settings = serde_json::to_string(settings).expect("texts always make JSON");
    Site::new(Over(Made("settings.json", settings), built()), POLICY).or_until_built(UNBUILT)
}

#[cfg(embedded_pages)]
fn built() -> impl Files {
    /// Not compressed a second time: the folder has the compressed forms beside the files.
    #[derive(rust_embed::RustEmbed)]
    #[folder = "src/http/playground/dist"]
    #[allow_missing = true]
    struct Dist;
    site::Embedded::<Dist>::default()
}

#[cfg(not(embedded_pages))]
fn built() -> impl Files {
    site::Folder::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/playground/dist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_the_strict_one_but_for_what_the_editor_needs() {
        let directives = |policy: &'static str| policy.split("; ").map(str::trim).collect::<Vec<_>>();
        let strict = directives(site::STRICT_POLICY);
        let loosened: Vec<_> = directives(POLICY)
            .into_iter()
            .filter(|directive| !strict.contains(directive))
            .collect();
        assert_eq!(
            loosened,
            [
                "style-src 'self' 'unsafe-inline'",
                "font-src 'self' data:",
                "worker-src 'self'"
            ]
        );
    }

    #[test]
    fn the_page_of_an_unbuilt_playground_names_what_builds_it() {
        let command = UNBUILT
            .split("<code>node ")
            .nth(1)
            .and_then(|rest| rest.split('<').next());
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(command.expect("a command"));
        assert!(script.exists(), "{}", script.display());
    }
}
