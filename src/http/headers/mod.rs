//! Parsing of request headers: accepted media types and languages, and the character encoding of a body.

pub mod media_type;
pub mod text_encoding;
