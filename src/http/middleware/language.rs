//! Language of messages by `Accept-Language`: Chinese or English; English by default.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

use crate::domain::language::Language;
use crate::http::headers::media_type::weighted;

/// Returns the language with the higher quality; of equal ones, the one listed first.
pub fn from_headers(headers: &HeaderMap) -> Language {
    let mut best = (Language::default(), 0);
    for (tag, quality) in weighted(headers.get(ACCEPT_LANGUAGE)) {
        let language = match tag.split('-').next() {
            Some("zh") => Language::Chinese,
            Some("en") => Language::English,
            _ => continue,
        };
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
