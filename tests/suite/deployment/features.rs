//! Dependencies of builds without a feature.

use std::collections::BTreeSet;
use std::process::Command;

/// Dependencies of the program, by name.
fn dependencies(features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{lib}",
        ])
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_build_without_otlp_has_none_of_its_dependencies() {
    let exports = |name: &&String| name.contains("opentelemetry") || name.starts_with("prost");
    let with = dependencies(&[]);
    assert!(with.iter().filter(exports).count() >= 5, "{with:?}");
    let without = dependencies(&["--no-default-features"]);
    let left: Vec<_> = without.iter().filter(exports).collect();
    assert!(left.is_empty(), "{left:?}");
}
