//! HTML pages at API addresses: the start page at `/`, and the reply to a browser that opens a GraphQL endpoint. Other
//! clients get JSON at the same addresses, by their `Accept` header.

mod texts;

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use self::texts::{Texts, texts};
use super::playground::PublicKeys;
use crate::domain::language::Language;
use crate::http::headers::media_type::prefers_html;
use crate::http::middleware::language;
use crate::http::{Audience, Pages};

const CSS: &str = include_str!("home.css");
const SCRIPT: &str = include_str!("home.js");
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' \
    height='32' rx='9' fill='%237a3ff2'/%3E%3Cpath d='M10 23V10h4l5 8V10h3v13h-4l-5-8v8z' fill='%23fff'/%3E%3C/svg%3E";

/// HTML pages of one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HomePage(Arc<Content>);

#[derive(Debug)]
struct Content {
    audience: Audience,
    has_playground: bool,
    /// True if customers may see the schema.
    has_schema: bool,
    /// `None` outside the demo.
    demo: Option<PublicKeys>,
    policy: HeaderValue,
}

impl HomePage {
    /// Creates the pages of an address with or without a playground. `has_schema` means that `/schema.graphql` is served;
    /// the keys of a `demo` are displayed.
    #[must_use]
    pub fn new(audience: Audience, has_playground: bool, has_schema: bool, demo: Option<PublicKeys>) -> Self {
        let hash = |text: &str| data_encoding::BASE64.encode(&Sha256::digest(text));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            hash(CSS),
            hash(SCRIPT),
        );
        Self(Arc::new(Content {
            audience,
            has_playground,
            has_schema,
            demo,
            policy: HeaderValue::try_from(policy).expect("base64 can stand in a header"),
        }))
    }

    fn reply(&self, status: StatusCode, texts: &Texts, title: &str, body: &str) -> Response {
        let (address, code, name) = texts.other;
        let html = format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <link rel=\"icon\" href=\"{ICON}\">\n<style>{CSS}</style>\n</head>\n<body>\n\
             <header><h1><span aria-hidden=\"true\">n</span>{title}</h1>\
             <a href=\"{address}\" lang=\"{code}\" hreflang=\"{code}\">{name}</a></header>\n\
             <main>\n{body}</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            lang = texts.code,
        );
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (VARY, "accept, accept-language"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        let mut response = (status, headers, html).into_response();
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, self.0.policy.clone());
        response
    }
}

impl Pages for HomePage {
    fn start_page(&self, request: &Request) -> Option<Response> {
        if !prefers_html(request.headers()) {
            return None;
        }
        let language = language_of(request);
        let body = self.0.start_page(texts(language), &host_of(request));
        Some(self.reply(StatusCode::OK, texts(language), "newbee", &body))
    }

    /// Returns a redirect to the playground of the endpoint, or a page that explains the endpoint.
    fn endpoint_page(&self, request: &Request) -> Option<Response> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_read || has_operation(request) || !prefers_html(request.headers()) {
            return None;
        }
        if self.0.has_playground {
            // Relative, so that it works behind a proxy that serves newbee below a prefix, for both /graphql and
            // /admin/graphql.
            return Some((StatusCode::SEE_OTHER, [(LOCATION, "graphiql/"), (VARY, "accept")]).into_response());
        }
        let texts = texts(language_of(request));
        let depth = request.uri().path().matches('/').count();
        let start = if depth > 1 { "../" } else { "./" };
        let body = format!(
            "<p>{}</p>\n<p>{}</p>\n<p><a href=\"{start}\">{}</a></p>\n",
            texts.endpoint_about, texts.playground_off, texts.home
        );
        Some(self.reply(StatusCode::BAD_REQUEST, texts, texts.endpoint_title, &body))
    }
}

/// Returns true if the query string of a GET request contains an operation.
fn has_operation(request: &Request) -> bool {
    let names = request.uri().query().unwrap_or_default().split('&');
    names
        .filter_map(|parameter| parameter.split('=').next())
        .any(|name| matches!(name, "query" | "documentId" | "extensions"))
}

/// Returns the language of `?lang=`, else that of the browser.
fn language_of(request: &Request) -> Language {
    match request.uri().query() {
        Some("lang=zh") => Language::Chinese,
        Some("lang=en") => Language::English,
        _ => language::from_headers(request.headers()),
    }
}

/// Returns the host in the browser's address, for the example query. Readers copy that command into a shell, so
/// anything but a plain host and port is replaced.
fn host_of(request: &Request) -> String {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let in_uri = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let is_plain = |host: &&str| {
        host.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'))
    };
    header
        .or(in_uri)
        .filter(is_plain)
        .unwrap_or("127.0.0.1:8080")
        .to_owned()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Escapes a text and renders its parts between backquotes as code.
fn with_code(text: &str) -> String {
    let mut html = String::new();
    for (place, part) in escaped(text).split('`').enumerate() {
        match place % 2 {
            0 => html.push_str(part),
            _ => write!(html, "<code>{part}</code>").expect("a String takes everything"),
        }
    }
    html
}

impl Content {
    fn start_page(&self, texts: &Texts, host: &str) -> String {
        let mut html = format!("<p>{}</p>\n<ul class=\"cards\">\n", texts.about);
        let mut card = |address: &str, (name, about): (&str, &str)| {
            writeln!(html, "<li><a href=\"{address}\"><b>{name}</b>{about}</a></li>")
                .expect("a String takes everything");
        };
        let (customers, operators) = (self.audience.has_customers(), self.audience.has_operators());
        if self.has_playground && customers {
            card("graphiql/", texts.playground);
        }
        if self.has_playground && operators {
            card("admin/graphiql/", texts.admin_playground);
        }
        if operators {
            card("ops/", texts.ops);
        }
        if self.has_schema && customers {
            card("schema.graphql", texts.schema);
        }
        html.push_str("</ul>\n");
        if let Some(demo) = self.demo.as_ref().filter(|_| customers) {
            html.push_str(&demo_users(demo, texts));
            html.push_str(&first_query(demo, texts, host));
        }
        html.push_str(&endpoints(self.audience, texts));
        html
    }
}

/// Renders a button that copies the text of an element.
fn copy_button(texts: &Texts, id: &str, of: &str) -> String {
    format!(
        "<button type=\"button\" data-copy=\"{id}\" data-done=\"{}\" aria-label=\"{} {}\">{}</button>",
        texts.copied,
        texts.copy,
        escaped(of),
        texts.copy
    )
}

fn demo_users(demo: &PublicKeys, texts: &Texts) -> String {
    let mut rows = String::new();
    let mut row = |id: &str, name: &str, about: &str, key: &str| {
        writeln!(
            rows,
            "<tr><th scope=\"row\">{}<small>{}</small></th><td><code id=\"{id}\">{}</code></td><td>{}</td></tr>",
            escaped(name),
            escaped(about),
            escaped(key),
            copy_button(texts, id, name)
        )
        .expect("a String takes everything");
    };
    for (place, user) in demo.users.iter().enumerate() {
        let about = if texts.code == "en" { user.shows } else { user.shows_zh };
        row(&format!("key-{place}"), user.name, about, user.key);
    }
    row("api-key", texts.api_key.0, texts.api_key.1, demo.api_key);
    format!(
        "<h2>{}</h2>\n<p class=\"quiet\">{}</p>\n<table>\n{rows}</table>\n",
        texts.users,
        with_code(texts.users_about)
    )
}

fn first_query(demo: &PublicKeys, texts: &Texts, host: &str) -> String {
    let key = demo.users.first().map_or("", |user| user.key);
    let command = format!(
        "curl -s http://{host}/graphql \\\n  -H 'Authorization: Bearer {key}' \\\n  -H 'Content-Type: application/json' \\\n  \
         -d '{{\"query\":\"{{ me {{ name signIn {{ streak }} }} }}\"}}'"
    );
    format!(
        "<h2>{}</h2>\n<pre><code id=\"first-query\">{}</code></pre>\n<p>{}</p>\n",
        texts.first_query,
        escaped(&command),
        copy_button(texts, "first-query", texts.first_query)
    )
}

fn endpoints(audience: Audience, texts: &Texts) -> String {
    let rows = [
        ("/graphql", texts.graphql, Audience::Customers),
        ("/admin/graphql", texts.admin, Audience::Operators),
        ("/customer/<method>", texts.legacy, Audience::Customers),
        ("/readyz", texts.ready, Audience::Everyone),
    ];
    let rows: String = rows
        .iter()
        .filter(|(.., of)| audience.sees(*of))
        .map(|(path, about, _)| {
            format!(
                "<tr><th scope=\"row\"><code>{}</code></th><td>{about}</td></tr>\n",
                escaped(path)
            )
        })
        .collect();
    format!(
        "<h2>{}</h2>\n<table>\n{rows}</table>\n<footer class=\"quiet\">{}: <code>curl -H 'Accept: application/json' …/</code></footer>\n",
        texts.endpoints, texts.limits
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        assert_eq!(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(with_code("a `b <c>` d"), "a <code>b &lt;c&gt;</code> d");
    }

    #[test]
    fn the_policy_contains_the_hashes_of_style_and_script() {
        let home = HomePage::new(Audience::Everyone, false, false, None);
        let policy = home.0.policy.to_str().expect("ASCII");
        let hash = data_encoding::BASE64.encode(&Sha256::digest(CSS));
        assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(!CSS.contains("</style") && !SCRIPT.contains("</script"));
    }
}
