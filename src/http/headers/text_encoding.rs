//! Character encodings of request bodies: UTF-8 with or without a byte order mark, the encodings that old clients
//! declare, and UTF-16, which is detected in order to reject it with a specific message.

use encoding_rs::Encoding;

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns a body without the byte order mark of UTF-8.
pub fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(UTF_8_MARK).unwrap_or(body)
}

/// Returns true if a body is UTF-16 or UTF-32: it starts with a byte order mark, or one of its first two bytes is zero,
/// which does not occur in JSON or a form in any other encoding.
pub fn is_utf_16(body: &[u8]) -> bool {
    matches!(body, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..])
}

/// Returns the `charset` parameter of a media type, without quotes.
pub fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, charset)| charset.trim().trim_matches('"'))
}

/// Declared character set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Charset {
    /// Supported; ASCII characters are encoded as single ASCII bytes.
    Known(&'static Encoding),
    Utf16,
    Unknown,
}

impl Charset {
    /// Returns the character set of a label, such as `gbk`; UTF-8 if there is no label.
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
            // An empty label counts as none; "utf8mb4" and similar labels are names for UTF-8 in databases.
            None if label.is_empty() || label.starts_with("utf8") => Self::Known(encoding_rs::UTF_8),
            _ => Self::Unknown,
        }
    }
}

/// Decodes bytes; returns `None` if they are malformed in that encoding.
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
                // Not a label of the Encoding Standard; the same encoding has other labels.
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
    fn the_charset_of_a_media_type_is_found_in_any_notation() {
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
