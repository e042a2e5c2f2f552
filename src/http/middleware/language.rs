//! Language of messages by `Accept-Language`: Chinese or English; English by default.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

use crate::domain::language::Language;
use crate::http::headers::media_type::quality;

/// Returns the language with the higher quality; of equal ones, the one listed first.
pub fn from_headers(headers: &HeaderMap) -> Language {
    let listed = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut best = (Language::default(), 0);
    for entry in listed.split(',') {
        let mut parts = entry.split(';');
        let primary = parts
            .next()
            .unwrap_or_default()
            .trim()
            .split('-')
            .next()
            .unwrap_or_default();
        let language = match primary.to_ascii_lowercase().as_str() {
            "zh" => Language::Chinese,
            "en" => Language::English,
            _ => continue,
        };
        let quality = quality(parts);
        if quality > best.1 {
            best = (language, quality);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn language_for(header: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(header));
        from_headers(&headers)
    }

    #[test]
    fn the_language_with_the_higher_quality_wins() {
        assert_eq!(language_for("zh-CN,zh;q=0.9,en;q=0.8"), Language::Chinese);
        assert_eq!(language_for("en;q=0.4, zh-TW;q=0.5"), Language::Chinese);
        assert_eq!(language_for("en, zh"), Language::English);
        assert_eq!(language_for("zh;q=0"), Language::English);
        assert_eq!(language_for("fr, de;q=0.3"), Language::English);
    }
}
