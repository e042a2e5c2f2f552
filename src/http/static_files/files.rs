//! Where the files of a site come from.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::path::PathBuf;

use axum::http::HeaderValue;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// One form of a file.
#[derive(Debug)]
pub struct File {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// A strong tag, made from the content: two forms of one file have two.
    pub etag: HeaderValue,
}

impl File {
    /// A file that is made at run time.
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

/// A source of files, asked with names such as `assets/main.js` and never with a path that leads elsewhere.
pub trait Files: Send + Sync + 'static {
    /// The file; `None` where there is none of that name.
    fn read(&self, name: &str) -> Option<File>;
}

/// A folder on disk, read at each request: for development, where files change and nobody is in a hurry.
pub struct Directory(PathBuf);

impl Directory {
    /// The folder need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }
}

impl Files for Directory {
    fn read(&self, name: &str) -> Option<File> {
        std::fs::read(self.0.join(name)).ok().map(File::of)
    }
}

/// Files within the program.
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

/// One file of this name with this content, known when the service starts.
pub struct InMemoryFile(pub &'static str, pub String);

impl Files for InMemoryFile {
    fn read(&self, name: &str) -> Option<File> {
        (name == self.0).then(|| File::of(self.1.clone().into_bytes()))
    }
}

/// What the first has not is looked for in the second.
pub struct Overlay<First, Second>(pub First, pub Second);

impl<First: Files, Second: Files> Files for Overlay<First, Second> {
    fn read(&self, name: &str) -> Option<File> {
        self.0.read(name).or_else(|| self.1.read(name))
    }
}
