//! `deploy/README.md`.

use std::path::Path;

use super::{check_arguments, read, settings};

#[test]
fn the_page_for_operators_names_every_setting_and_only_commands_that_exist() {
    let page = read("deploy/README.md");
    for setting in settings() {
        assert!(
            page.contains(&format!("| `{setting}` |")),
            "{setting} is not in the table"
        );
    }
    let mut checked = 0;
    let blocks = page
        .split("```sh\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap());
    for line in blocks.flat_map(str::lines) {
        let command = line.split(" #").next().unwrap().trim();
        if let Some(arguments) = command.strip_prefix("newbee ") {
            check_arguments(&arguments.split_whitespace().collect::<Vec<_>>(), "deploy/README.md");
            checked += 1;
        }
        for path in command.split_whitespace().filter(|word| word.starts_with("deploy/")) {
            assert!(
                Path::new(path).exists() || path.starts_with("deploy/compose/secrets"),
                "{path}"
            );
        }
    }
    assert!(checked >= 3, "{checked}");
}
