//! `sqlx::migrate!` embeds the files but does not notice a new one; a release build embeds the built playground likewise.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rustc-check-cfg=cfg(embedded_pages)");
    // By the build profile, and not by debug assertions: development is without those, too.
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rustc-cfg=embedded_pages");
        let dist = "src/web/playground/dist";
        // A path that does not exist would count as changed each time.
        let watched = if Path::new(dist).exists() {
            dist
        } else {
            "src/web/playground"
        };
        println!("cargo:rerun-if-changed={watched}");
        if !Path::new(dist).join("index.html").exists() {
            println!(
                "cargo:warning=this release build has no playground: to include it, run `node src/web/playground/build.mjs` and build again"
            );
        }
    }
}
