//! The systemd units.

use std::fs;

use tokio::process::Command;

use super::{PROGRAM, check_arguments, check_setting, read};
use crate::support::program::newbee;

#[tokio::test]
async fn the_systemd_units_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let program = newbee().as_std().get_program().to_string_lossy().into_owned();
    let mut units = Vec::new();
    for name in ["newbee.service", "newbee-migrate.service"] {
        let unit = read(&format!("deploy/systemd/{name}"));
        let values = |key: &str| -> Vec<String> {
            let prefix = format!("{key}=");
            let lines = unit.lines().filter_map(|line| line.strip_prefix(&prefix));
            lines.map(str::to_owned).collect()
        };
        let start = values("ExecStart").remove(0);
        let arguments: Vec<&str> = start
            .strip_prefix(PROGRAM)
            .expect("newbee")
            .split_whitespace()
            .collect();
        check_arguments(&arguments, name);
        let credentials = values("LoadCredential");
        for assignment in values("Environment").iter().flat_map(|line| line.split(' ')) {
            let (variable, value) = assignment.split_once('=').expect("an assignment");
            check_setting(variable, name);
            let credential = value.strip_prefix("%d/").expect("a credential");
            assert!(
                credentials.contains(&format!("{credential}:/etc/newbee/{credential}")),
                "{name}: {credential}"
            );
        }
        let path = folder.path().join(name);
        fs::write(&path, unit.replace(PROGRAM, &program)).unwrap();
        units.push(path);
    }
    match Command::new("systemd-analyze")
        .arg("verify")
        .args(&units)
        .output()
        .await
    {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && said.is_empty(), "{said}");
        }
        Err(_) => eprintln!("systemd-analyze is not installed: the units were checked without it"),
    }
}
