//! The files of a page, from a folder on disk.

use std::path::PathBuf;

use newbee::http::static_files::{File, Files, STRICT_POLICY};
use newbee::http::{Endpoints, RequestLimits, ServeLimits, Site};
use reqwest::{Method, Response, StatusCode};
use tempfile::TempDir;

use super::support::{Reply, Server};

struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, name: &str) -> Option<File> {
        std::fs::read(self.0.join(name)).ok().map(File::of)
    }
}

struct Page {
    server: Server,
    client: reqwest::Client,
    _folder: TempDir,
}

impl Page {
    async fn serve(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("site/assets")).unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join("site").join(name), content).unwrap();
        }
        // Beside the site, to be reached by nobody.
        std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
        let site = Site::new(Folder(folder.path().join("site")), STRICT_POLICY)
            .or_until_built(|_| "<p>Build it.</p>".to_owned());
        let endpoints = Endpoints {
            ops: Some(site),
            ..Endpoints::default()
        };
        let redirects_show = reqwest::redirect::Policy::none();
        Self {
            server: Server::with_routes(RequestLimits::default(), ServeLimits::default(), |_door| endpoints).await,
            client: reqwest::Client::builder().redirect(redirects_show).build().unwrap(),
            _folder: folder,
        }
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.request(method, self.server.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("the server answers")
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.ask(Method::GET, path, headers).await
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

const FILES: [(&str, &str); 5] = [
    ("index.html", "<p>Hello.</p>"),
    ("assets/main-1a2b.js", "say('hello')"),
    ("assets/main-1a2b.js.br", "brotli"),
    ("assets/main-1a2b.js.gz", "gzip"),
    ("icon.svg", "<svg/>"),
];

#[tokio::test]
async fn the_page_is_a_folder_with_an_index() {
    let page = Page::serve(&FILES).await;
    let moved = page.get("/ops?query=1", &[]).await;
    assert_eq!(
        (moved.status().as_u16(), header(&moved, "location")),
        (308, "ops/?query=1")
    );
    let index = page.get("/ops/", &[]).await;
    assert_eq!(header(&index, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&index, "cache-control"), "no-cache");
    assert_eq!(index.text().await.unwrap(), "<p>Hello.</p>");
    assert_eq!(
        header(&page.get("/ops/icon.svg", &[]).await, "content-type"),
        "image/svg+xml"
    );
}

#[tokio::test]
async fn every_reply_of_it_is_strict() {
    let page = Page::serve(&FILES).await;
    for path in ["/ops/", "/ops/assets/main-1a2b.js"] {
        let reply = page.get(path, &[]).await;
        assert_eq!(header(&reply, "content-security-policy"), STRICT_POLICY);
        assert_eq!(header(&reply, "x-content-type-options"), "nosniff");
        assert_eq!(header(&reply, "referrer-policy"), "no-referrer");
        assert_eq!(header(&reply, "cross-origin-opener-policy"), "same-origin");
    }
    assert!(STRICT_POLICY.contains("frame-ancestors 'none'") && STRICT_POLICY.starts_with("default-src 'none'"));
}

#[tokio::test]
async fn a_copy_is_kept_or_confirmed() {
    let page = Page::serve(&FILES).await;
    let script = page.get("/ops/assets/main-1a2b.js", &[]).await;
    assert_eq!(header(&script, "cache-control"), "public, max-age=31536000, immutable");
    let tag = header(&script, "etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 16, "{tag}");
    let again = page.get("/ops/assets/main-1a2b.js", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header(&again, "etag"), tag);
    assert!(again.bytes().await.unwrap().is_empty());
    let other = page.get("/ops/", &[("if-none-match", &tag)]).await;
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn siblings_are_chosen_by_what_the_caller_takes() {
    let page = Page::serve(&FILES).await;
    let mut tags = Vec::new();
    for (accepted, coding, content) in [
        ("gzip, br", "br", "brotli"),
        ("gzip, br;q=0", "gzip", "gzip"),
        ("zstd", "", "say('hello')"),
    ] {
        let reply = page
            .get("/ops/assets/main-1a2b.js", &[("accept-encoding", accepted)])
            .await;
        assert_eq!(header(&reply, "content-encoding"), coding);
        assert_eq!(header(&reply, "vary"), "accept-encoding");
        assert_eq!(header(&reply, "content-type"), "text/javascript; charset=utf-8");
        tags.push(header(&reply, "etag").to_owned());
        assert_eq!(reply.text().await.unwrap(), content);
    }
    tags.dedup();
    assert_eq!(tags.len(), 3, "each form has a tag of its own");
    // A file without siblings is sent as it is.
    let plain = page.get("/ops/icon.svg", &[("accept-encoding", "br")]).await;
    assert_eq!(header(&plain, "content-encoding"), "");
}

#[tokio::test]
async fn a_long_file_says_once_that_it_depends_on_the_codings() {
    let long = format!("<p>{}</p>", "x".repeat(4_096));
    let page = Page::serve(&[("index.html", &long)]).await;
    for headers in [
        &[][..],
        &[("accept-encoding", "gzip")],
        &[("accept-encoding", "identity")],
    ] {
        let reply = page.get("/ops/", headers).await;
        let vary: Vec<_> = reply.headers().get_all("vary").iter().collect();
        assert_eq!(vary, ["accept-encoding"], "{headers:?}");
    }
}

#[tokio::test]
async fn it_can_only_be_read() {
    let page = Page::serve(&FILES).await;
    let head = page.ask(Method::HEAD, "/ops/", &[]).await;
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "13"));
    for path in ["/ops", "/ops/", "/ops/index.html", "/ops/none"] {
        let refused = page.ask(Method::POST, path, &[]).await;
        assert_eq!(
            (refused.status().as_u16(), header(&refused, "allow")),
            (405, "GET, HEAD")
        );
    }
}

#[tokio::test]
async fn nothing_else_can_be_reached() {
    let page = Page::serve(&FILES).await;
    for path in [
        "/ops/none.js",
        "/ops/assets",
        "/ops/assets/",
        "/ops/assets/main-1a2b.js.br",
        "/ops/%2e%2e/secret.txt",
        "/ops/..%2fsecret.txt",
        "/ops//etc/passwd",
        "/ops/assets/%00",
    ] {
        Reply::of(page.client.get(page.server.url(path)))
            .await
            .assert_error(404, "NOT_FOUND");
    }
    // A client that does not tidy the path first.
    let stream = super::support::raw(
        &page.server,
        b"GET /ops/../secret.txt HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .await;
    let reply = super::support::read_to_end(stream).await;
    assert!(
        reply.starts_with("HTTP/1.1 404") && !reply.ends_with("secret"),
        "{reply}"
    );
}

#[tokio::test]
async fn before_it_is_built_it_says_what_to_do() {
    let page = Page::serve(&[]).await;
    let reply = page.get("/ops/", &[]).await;
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&reply, "cache-control"), "no-store");
    assert_eq!(header(&reply, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&reply, "content-security-policy"), STRICT_POLICY);
    assert_eq!(reply.text().await.unwrap(), "<p>Build it.</p>");
}
