//! Sources of the files of a site.

use std::borrow::Cow;
use std::marker::PhantomData;

use axum::http::HeaderValue;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// One representation of a file.
#[derive(Debug)]
pub struct File {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// Strong entity tag, a hash of the content: each representation has its own.
    pub etag: HeaderValue,
}

impl File {
    /// Creates a file from content generated at run time.
    pub fn of(bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        let bytes = bytes.into();
        let etag = etag_of(&Sha256::digest(&bytes));
        Self { bytes, etag }
    }
}

fn etag_of(hash: &[u8]) -> HeaderValue {
    let tag = data_encoding::BASE64URL_NOPAD.encode(&hash[..18]);
    HeaderValue::try_from(format!("\"{tag}\"")).expect("base64url can stand in a header")
}

/// A source of files. Names such as `assets/main.js` are validated before the call, so they cannot leave the site.
pub trait Files: Send + Sync + 'static {
    /// Returns the file of this name, if it exists.
    fn read(&self, name: &str) -> Option<File>;
}

/// Files embedded in the program.
pub struct Embedded<E>(PhantomData<E>);

impl<E> Default for Embedded<E> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E: RustEmbed + Send + Sync + 'static> Files for Embedded<E> {
    fn read(&self, name: &str) -> Option<File> {
        let file = E::get(name)?;
        Some(File {
            etag: etag_of(&file.metadata.sha256_hash()),
            bytes: file.data,
        })
    }
}

/// A single file with a name and content, generated at startup.
pub struct InMemoryFile(pub &'static str, pub String);

impl Files for InMemoryFile {
    fn read(&self, name: &str) -> Option<File> {
        (name == self.0).then(|| File::of(self.1.clone().into_bytes()))
    }
}

/// Files of the first source, or else of the second.
pub struct Overlay<First, Second>(pub First, pub Second);

impl<First: Files, Second: Files> Files for Overlay<First, Second> {
    fn read(&self, name: &str) -> Option<File> {
        self.0.read(name).or_else(|| self.1.read(name))
    }
}
