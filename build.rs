//! `sqlx::migrate!` embeds the files but does not notice a new one.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
