//! Media type and validity of a file name.

/// Returns the media type for the file extension; unknown ones are binary downloads.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Returns true if a name may be served: letters, digits, `-`, `_`, `.` and single slashes, without hidden parts or
/// `..`, and not a compressed sibling, which is a representation of another file.
pub fn is_plain(name: &str) -> bool {
    let part_is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    name.split('/').all(part_is_plain) && !name.ends_with(".br") && !name.ends_with(".gz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_accepted() {
        for name in ["index.html", "assets/main-B3x_9.js", "a/b/c.css"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "",
            "/etc/passwd",
            "..",
            "../Cargo.toml",
            "assets/../../x",
            "assets//x",
            ".env",
            "assets/.x",
            "%2e%2e/x",
            "a\\b",
            "a\0",
            "index.html.br",
            "index.html.gz",
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
    }
}
