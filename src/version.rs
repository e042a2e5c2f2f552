//! Version and commit of this build.

/// Version of the package, such as `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Short hash of the commit, found by `build.rs`; `unknown` for a build without Git and `BUILD_COMMIT`.
pub const COMMIT: &str = env!("BUILD_COMMIT");

/// Both, such as `0.1.0 (abc1234)`.
pub const VERSION_AND_COMMIT: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILD_COMMIT"), ")");
