//! Web pages: the start page at `/`, the playground (GraphiQL) and the ops page. Their files are embedded or read from
//! the source tree, and served by [`crate::http::static_files`].

pub mod home;
pub mod ops;
pub mod playground;
