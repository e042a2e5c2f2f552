//! Resolution of document references to texts: Apollo's automatic persisted queries, or a list of allowed operations.
//! Requests of every transport (body, URL, WebSocket) pass through [`Persisted::resolve`].

use std::sync::Arc;

use async_graphql::ServerError;
use data_encoding::HEXLOWER_PERMISSIVE;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::allow_list::AllowedOperations;
use super::reference::DocumentReference;
use crate::http::error::HttpError;
use crate::http::graphql::errors::{code, request_error};
use crate::http::graphql::guard;
use crate::http::graphql::request_error::RequestError;

/// Maximum total size of the automatically persisted texts, in bytes.
const MAX_TEXT_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of overhead per text: hash, counters, and cache entries.
const BYTES_PER_TEXT: usize = 256;
const EXPECTED_TEXTS: usize = 1_000;

type Hash = [u8; 32];

/// Handling of document references at an endpoint.
pub enum Persisted {
    /// Accepts every text. A text sent with its hash is kept, so that clients can then send the hash alone. Texts are
    /// kept in the memory of this process only: another replica has to receive the text once more.
    Automatic(Cache<Hash, Arc<str>, TextLength>),
    /// Accepts only the operations of a fixed list.
    Allowed(AllowedOperations),
}

/// Text of a document, and the hash to store it under once it has been parsed.
#[derive(Debug)]
pub struct Resolved {
    pub text: Arc<str>,
    keep_as: Option<Hash>,
}

impl Persisted {
    pub fn automatic() -> Self {
        Self::Automatic(Cache::with_weighter(EXPECTED_TEXTS, MAX_TEXT_BYTES, TextLength))
    }

    /// Returns the text that a reference identifies, not yet checked.
    ///
    /// # Errors
    /// [`RequestError`] if the reference is malformed, unknown or not allowed.
    pub fn resolve(&self, reference: DocumentReference) -> Result<Resolved, RequestError> {
        match self {
            Self::Automatic(texts) => resolve_automatically(texts, reference),
            Self::Allowed(list) => Ok(Resolved {
                text: list.find(&reference)?,
                keep_as: None,
            }),
        }
    }

    /// Keeps a text under the hash sent with it. Call it only for texts that passed the guard and the parser, so that
    /// invalid texts take no place in the cache.
    pub fn keep(&self, resolved: &Resolved) {
        if let (Self::Automatic(texts), Some(hash)) = (self, resolved.keep_as) {
            texts.insert(hash, Arc::clone(&resolved.text));
        }
    }
}

fn resolve_automatically(
    texts: &Cache<Hash, Arc<str>, TextLength>,
    reference: DocumentReference,
) -> Result<Resolved, RequestError> {
    match (reference.text, reference.hash) {
        (Some(text), None) => Ok(Resolved {
            text: text.into(),
            keep_as: None,
        }),
        (Some(text), Some(hash)) => {
            let hash = parse_hash(&hash)?;
            // Before hashing, because the text may be as large as the body limit.
            guard::check_length(&text).map_err(|refused| HttpError::bad_request(refused.to_string()))?;
            if Hash::from(Sha256::digest(&text)) != hash {
                return Err(HttpError::bad_request(
                    "extensions.persistedQuery.sha256Hash is not the SHA-256 hash of the query. Hash the exact \
                     text that is sent.",
                )
                .into());
            }
            Ok(Resolved {
                text: text.into(),
                keep_as: Some(hash),
            })
        }
        (None, Some(hash)) => match texts.get(&parse_hash(&hash)?) {
            Some(text) => Ok(Resolved { text, keep_as: None }),
            None => Err(not_found().into()),
        },
        (None, None) => Err(request_error(
            code::PERSISTED_QUERY_NOT_SUPPORTED,
            "documentId is only supported by servers with an allow list. Send the text in \"query\".",
        )
        .into()),
    }
}

fn parse_hash(hash: &str) -> Result<Hash, HttpError> {
    let bytes = HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        HttpError::bad_request(
            "extensions.persistedQuery.sha256Hash must be the SHA-256 of the query: 64 hexadecimal digits.",
        )
    })
}

/// The error of an unknown hash. Apollo clients recognize the code, others this exact message, and then send the text.
pub fn not_found() -> ServerError {
    request_error(code::PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
}

#[derive(Clone)]
pub struct TextLength;

impl Weighter<Hash, Arc<str>> for TextLength {
    fn weight(&self, _hash: &Hash, text: &Arc<str>) -> u64 {
        (BYTES_PER_TEXT + text.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    fn reference(text: Option<&str>, hash: Option<String>) -> DocumentReference {
        DocumentReference {
            text: text.map(str::to_owned),
            hash,
            document_id: None,
        }
    }

    fn hash_of(text: &str) -> Option<String> {
        Some(HEXLOWER.encode(&Sha256::digest(text)))
    }

    #[test]
    fn a_kept_text_is_found_by_its_hash() {
        let persisted = Persisted::automatic();
        let text = "{ a }";
        assert!(persisted.resolve(reference(None, hash_of(text))).is_err());
        let resolved = persisted.resolve(reference(Some(text), hash_of(text))).unwrap();
        assert!(
            persisted.resolve(reference(None, hash_of(text))).is_err(),
            "it is not kept before it was parsed"
        );
        persisted.keep(&resolved);
        let found = persisted.resolve(reference(None, hash_of(text))).unwrap();
        assert_eq!(&*found.text, text);
        let shouting = hash_of(text).map(|hash| hash.to_uppercase());
        assert!(persisted.resolve(reference(None, shouting)).is_ok());
    }

    #[test]
    fn a_text_without_a_hash_is_not_kept() {
        let persisted = Persisted::automatic();
        let resolved = persisted.resolve(reference(Some("{ a }"), None)).unwrap();
        persisted.keep(&resolved);
        assert!(persisted.resolve(reference(None, hash_of("{ a }"))).is_err());
    }

    #[test]
    fn kept_texts_are_bounded() {
        let persisted = Persisted::automatic();
        for number in 0..1_000 {
            let text = format!("{{ a }} #{number}{}", "x".repeat(10_000));
            let resolved = persisted.resolve(reference(Some(&text), hash_of(&text))).unwrap();
            persisted.keep(&resolved);
        }
        let Persisted::Automatic(texts) = &persisted else {
            unreachable!("it was made so")
        };
        assert!(texts.weight() <= MAX_TEXT_BYTES);
    }
}
