//! Character encodings of request bodies: UTF-8 with or without a byte order mark, UTF-16 that is recognised to be refused by
//! its name, and the encodings that old clients declare.

use encoding_rs::Encoding;

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// A body without the byte order mark of UTF-8.
pub fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(UTF_8_MARK).unwrap_or(body)
}

/// Whether a body is UTF-16 (or UTF-32): by its byte order mark, or because one of its first two bytes is zero, which no JSON
/// and no form in another encoding begins with.
pub fn is_utf_16(body: &[u8]) -> bool {
    matches!(body, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..])
}

/// The value of the parameter `charset` of a media type, without quotes.
pub fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, charset)| charset.trim().trim_matches('"'))
}

/// What a declared character set is to this service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Charset {
    /// Bytes that are decoded by this encoding, in which ASCII characters are ASCII bytes.
    Known(&'static Encoding),
    Utf16,
    Unknown,
}

impl Charset {
    /// The character set of a label, such as `gbk`; UTF-8 where none is declared.
    pub fn of_label(label: Option<&str>) -> Self {
        let Some(label) = label else {
            return Self::Known(encoding_rs::UTF_8);
        };
        let label = label.to_ascii_lowercase();
        if label.starts_with("utf-16") || label.starts_with("utf16") || label.starts_with("utf-32") {
            return Self::Utf16;
        }
        match Encoding::for_label(label.as_bytes()) {
            Some(encoding) if encoding.is_ascii_compatible() => Self::Known(encoding),
            Some(encoding) if [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&encoding) => Self::Utf16,
            // An empty label is none; "utf8mb4" and its like are what databases call UTF-8.
            None if label.is_empty() || label.starts_with("utf8") => Self::Known(encoding_rs::UTF_8),
            _ => Self::Unknown,
        }
    }
}

/// Decodes bytes; `None` when they are not text of that encoding.
pub fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_encodings_are_known_by_their_usual_labels() {
        for label in ["gbk", "GBK", "gb2312", "GB18030", "x-gbk", "cp936", "chinese"] {
            let known = Charset::of_label(Some(label));
            match (label, known) {
                // Not a label of the web; what it means is said under other names.
                ("cp936", Charset::Unknown) => {}
                (_, Charset::Known(encoding)) => {
                    assert_eq!(
                        decode(encoding, b"\xbf\xda\xc1\xee").as_deref(),
                        Some("口令"),
                        "{label}"
                    );
                    assert_eq!(decode(encoding, b"\xbf\xda\xc1"), None, "{label}");
                }
                _ => panic!("{label} is not known"),
            }
        }
        for label in [None, Some("utf-8"), Some("UTF8"), Some("")] {
            assert_eq!(Charset::of_label(label), Charset::Known(encoding_rs::UTF_8));
        }
        for label in ["utf-16", "UTF-16LE", "utf-16be", "utf16", "ucs-2", "unicode", "utf-32"] {
            assert_eq!(Charset::of_label(Some(label)), Charset::Utf16, "{label}");
        }
        for label in ["klingon", "iso-2022-jp", "hz-gb-2312"] {
            assert_eq!(Charset::of_label(Some(label)), Charset::Unknown, "{label}");
        }
    }

    #[test]
    fn utf_16_is_recognised_with_and_without_a_mark() {
        for body in [
            &b"\xff\xfe{\0"[..],
            b"\xfe\xff\0{",
            b"{\0\"\0",
            b"\0{\0\"",
            b"\xff\xfe\0\0{\0\0\0",
        ] {
            assert!(is_utf_16(body));
        }
        for body in [&b""[..], b"{", b"{}", b"\xef\xbb\xbf{}", b"a=1"] {
            assert!(!is_utf_16(body));
        }
        assert_eq!(without_byte_order_mark(b"\xef\xbb\xbf{}"), b"{}");
    }

    #[test]
    fn the_charset_of_a_media_type_is_found_however_it_is_written() {
        for (content_type, found) in [
            ("application/json", None),
            ("application/json; charset=GBK", Some("GBK")),
            ("application/json;Charset = \"gb2312\" ; x=y", Some("gb2312")),
            ("application/json; x=charset", None),
        ] {
            assert_eq!(charset(content_type), found, "{content_type}");
        }
    }
}
