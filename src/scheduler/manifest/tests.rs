//! The built-in manifests are valid, and all problems are reported at once.

use super::*;

fn calendar() -> Calendar {
    Calendar::new(chrono_tz::Asia::Shanghai)
}

#[test]
fn the_built_in_manifests_match_the_jobs() {
    let manifests = load(None, &calendar()).unwrap();
    let names = manifests.iter().map(|manifest| manifest.name.as_str());
    assert!(names.eq(jobs::ALL.iter().map(|job| job.name())));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    assert_eq!(
        read_folder(&folder).unwrap(),
        built_in(),
        "every file of jobs/ is built in"
    );
}

#[test]
fn every_problem_of_every_file_is_reported_at_once() {
    let first = r#"
        name = "other"
        description = "Does things."
        enabled = "yes"
        schedule = "0 5 0 * *"
        time_zone = "Asia/Nowhere"
        catch_up = "SOME"
        catch_up_window = "30 moons"
        timeout = "10s"
        max_attempts = 0
        batch_size = 0
        lease = "30s"
        heartbeat_every = "20s"
        retries = 3
    "#;
    let files = [("close_day.toml", first), ("broken.toml", "name = ")];
    let ManifestProblems(problems) =
        parse_all(files.into_iter(), &["close_day", "settle_awards"], &calendar()).unwrap_err();
    let text = problems.join("\n");
    for expected in [
        "close_day.toml: name: is \"other\"; write name = \"close_day\"",
        "close_day.toml: enabled: is \"yes\"; write true or false",
        "close_day.toml: schedule: \"0 5 0 * *\" is not a valid schedule",
        "close_day.toml: time_zone: is \"Asia/Nowhere\"; write \"business\"",
        "close_day.toml: catch_up: is \"SOME\"; write \"ALL\"",
        "close_day.toml: catch_up_window: is \"30 moons\"; write a duration",
        "close_day.toml: max_attempts: is 0; write a whole number from 1 to 100",
        "close_day.toml: batch_size: is 0; write a whole number",
        "close_day.toml: lease: 30s does not allow for a lost heartbeat",
        "close_day.toml: timeout: 10s is shorter than lease",
        "close_day.toml: retries: unknown key",
        "broken.toml: this program has no job \"broken\"",
        "broken.toml: is not valid TOML",
        "settle_awards.toml: missing",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
    }
}

#[test]
fn a_window_with_too_many_due_times_is_rejected() {
    let text = include_str!("../../../jobs/settle_awards.toml")
        .replace("catch_up_window = \"1h\"", "catch_up_window = \"365days\"");
    let ManifestProblems(problems) = parse_all(
        [("settle_awards.toml", text.as_str())].into_iter(),
        &["settle_awards"],
        &calendar(),
    )
    .unwrap_err();
    assert!(problems[0].contains("catch_up_window: holds more than"), "{problems:?}");
}
