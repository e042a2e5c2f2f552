//! Alert rules, dashboard and runbook speak of metrics that there are, and of each other.

use std::collections::BTreeSet;

use newbee::metrics::NAMES;
use serde_json::Value;

const RULES: &str = include_str!("../../../../jobs/alerts/newbee.rules.yml");

const DASHBOARD: &str = include_str!("../../../../jobs/alerts/newbee.dashboard.json");

const RUNBOOK: &str = include_str!("../../../../jobs/README.md");

/// Every name of ours in a text, without what histograms add to theirs.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words
        .filter(|word| word.starts_with("newbee_"))
        .map(|word| {
            let plain = ["_bucket", "_sum", "_count"]
                .into_iter()
                .find_map(|end| word.strip_suffix(end));
            plain.filter(|plain| is_metric(plain)).unwrap_or(word).to_owned()
        })
        .collect()
}

fn is_metric(name: &str) -> bool {
    NAMES.iter().any(|(metric, ..)| *metric == name)
}

#[test]
fn rules_and_dashboard_name_metrics_that_there_are() {
    for (file, text) in [("rules", RULES), ("dashboard", DASHBOARD)] {
        let named = named(text);
        assert!(named.len() > 10, "{file}: {named:?}");
        let unknown: Vec<_> = named.iter().filter(|name| !is_metric(name)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
    let all = &named(RULES) | &named(DASHBOARD);
    let unused: Vec<_> = NAMES
        .iter()
        .filter(|(name, ..)| !all.contains(*name))
        .map(|(name, ..)| name)
        .collect();
    assert!(unused.is_empty(), "metrics that nobody looks at: {unused:?}");
}

#[test]
fn each_alert_says_what_it_is_and_the_runbook_what_to_do() {
    let rules: Vec<&str> = RULES.split("- alert: ").skip(1).collect();
    assert!(rules.len() >= 12);
    for rule in &rules {
        let name = rule.lines().next().expect("a name");
        for key in ["expr: ", "for: ", "severity: ", "summary: ", "description: "] {
            assert!(rule.contains(key), "{name} lacks {key}");
        }
        let anchor = format!("runbook: jobs/README.md#{}", name.to_lowercase());
        assert!(rule.contains(&anchor), "{name}: {anchor}");
        let (_, section) = RUNBOOK
            .split_once(&format!("\n### {name}\n"))
            .unwrap_or_else(|| panic!("the runbook lacks {name}"));
        let section = section.split("\n### ").next().expect("a section");
        assert!(
            section.contains("```sh\nnewbee "),
            "{name}: the runbook says what to type"
        );
    }
    assert_eq!(
        RUNBOOK.matches("\n### Newbee").count(),
        rules.len(),
        "no section without its alert"
    );
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("it is JSON");
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_i64().expect("an id")), "ids are unique");
        assert!(!panel["title"].as_str().expect("a title").is_empty());
        if panel["type"] != "row" {
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{panel}");
            assert!(!panel["description"].as_str().expect("a description").is_empty());
        }
    }
}
