//! `tests/setup`, which installs what the tests need.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
#[cfg(target_os = "linux")]
fn a_second_setup_waits_for_the_first() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = root.join(".data/tools");
    fs::create_dir_all(&tools).expect("a folder");
    let lock = File::create(tools.join("setup.lock")).expect("a file");
    lock.lock().expect("a lock");
    let mut setup = Command::new("tests/setup")
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut line = String::new();
    let read = BufReader::new(setup.stdout.take().expect("a pipe")).read_line(&mut line);
    setup.kill().expect("it is killed");
    setup.wait().expect("it ends");
    read.expect("a line");
    assert_eq!(line, "tests/setup: waiting for another setup in this folder\n");
}
