//! `openapi.yaml`: the paths, parameters and statuses of the tables in the code, and schemas that real replies fit.

mod replies;

use std::collections::BTreeSet;
use std::path::Path;

use newbee::domain::invitation::MAX_CODE_LENGTH;
use newbee::domain::word::MAX_WORD_LENGTH;
use newbee::http::{LEGACY_METHODS, LegacyReplyStatus, SESSION_KEY};
use newbee::version::{COMMIT, VERSION};
use serde_json::Value;
use tokio::process::Command;

use crate::support::app::TestApp;

const FILE: &str = "src/http/openapi.yaml";

/// Media types of a request.
const TYPES: [&str; 2] = ["application/x-www-form-urlencoded", "application/json"];

/// Number and message of a status.
type Statuses = BTreeSet<(u64, String)>;

async fn document() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("node")
        .arg("yaml.mjs")
        .arg(root.join(FILE))
        .current_dir(root.join("tests/clients/schema_quality"))
        .output()
        .await
        .expect("Node is installed, and tests/run installed the packages");
    let files: Value = serde_json::from_slice(&output.stdout).expect("YAML");
    files[0][0].clone()
}

/// Follows a reference.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).expect(reference),
        None => value,
    }
}

fn collect_statuses(document: &Value, schema: &Value, found: &mut Statuses) {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices
            .iter()
            .for_each(|choice| collect_statuses(document, choice, found));
    }
    let properties = &schema["properties"];
    // A reply with data has the constants of another schema.
    if let Some(status) = properties["status"]["const"].as_u64() {
        let message = properties["msg"]["const"].as_str().expect("a message").to_owned();
        assert!(found.insert((status, message)), "{schema} occurs twice");
    }
}

/// Statuses of the replies without data that a method has in the document.
fn documented_statuses(document: &Value, method: &str) -> Statuses {
    let mut found = Statuses::new();
    let reply = &document["paths"][format!("/customer/{method}")]["post"]["responses"]["200"];
    collect_statuses(document, &reply["content"]["application/json"]["schema"], &mut found);
    found
}

fn pair(status: LegacyReplyStatus) -> (u64, String) {
    (status.number().into(), status.message().to_owned())
}

#[tokio::test]
async fn the_document_has_the_methods_parameters_and_statuses_of_the_tables() {
    let document = document().await;
    for method in &LEGACY_METHODS {
        let operation = &document["paths"][format!("/customer/{}", method.name)]["post"];
        let body = resolved(&document, &operation["requestBody"]);
        for media in TYPES {
            let schema = resolved(&document, &body["content"][media]["schema"]);
            let parameters: BTreeSet<_> = schema["properties"]
                .as_object()
                .unwrap_or_else(|| panic!("{} has no parameters as {media}", method.name))
                .keys()
                .map(String::as_str)
                .collect();
            assert_eq!(
                parameters,
                method.parameters.iter().copied().collect(),
                "{}",
                method.name
            );
        }

        use LegacyReplyStatus::{AskedTooOften, BadParameters, BadSession, Internal, NoSession, Rejected, Utf16};
        let mut expected: Statuses = [BadParameters, Utf16, Internal, AskedTooOften].map(pair).into();
        if method.parameters.contains(&SESSION_KEY) {
            expected.extend([NoSession, BadSession].map(pair));
        }
        expected.extend(method.rejection_statuses().map(|status| pair(Rejected(status))));
        assert_eq!(documented_statuses(&document, method.name), expected, "{}", method.name);
    }
    let schemas = &document["components"]["schemas"];
    let mut unknown = Statuses::new();
    collect_statuses(&document, &schemas["UnknownMethod"], &mut unknown);
    assert_eq!(unknown, [pair(LegacyReplyStatus::UnknownMethod)].into());
    for (schema, parameter, most) in [
        ("SetInvitationParameters", "parent_code", MAX_CODE_LENGTH),
        ("SubmitWordParameters", "word", MAX_WORD_LENGTH),
    ] {
        let about = schemas[schema]["properties"][parameter]["description"].as_str();
        let length = format!("1 to {most} characters");
        assert!(
            about.is_some_and(|about| about.contains(&length)),
            "{parameter}: {length}"
        );
    }
}

#[tokio::test]
async fn the_server_publishes_it_and_it_describes_these_paths_and_no_others() {
    let app = TestApp::start().await;
    let get = async |path: &str| app.client.get(app.url(path)).send().await.expect("a reply");
    let start: Value = get("/").await.json().await.expect("JSON");
    assert_eq!((&start["version"], &start["commit"]), (&VERSION.into(), &COMMIT.into()));
    let path = start["endpoints"]["openapi"].as_str().expect("a path");
    let reply = get(path).await;
    assert_eq!(reply.headers()["content-type"], "application/yaml");
    assert_eq!(reply.text().await.unwrap(), std::fs::read_to_string(FILE).unwrap());

    let document = document().await;
    assert_eq!(document["info"]["version"], VERSION);
    let mut expected: BTreeSet<String> = ["alive", "ready"]
        .map(|name| start["endpoints"][name].as_str().expect("a path").to_owned())
        .into();
    expected.insert("/metrics".to_owned());
    let pattern = start["endpoints"]["legacy"].as_str().expect("a path");
    let legacy = LEGACY_METHODS
        .iter()
        .map(|method| pattern.replace("<method>", method.name));
    expected.extend(legacy);
    let described = document["paths"].as_object().expect("paths").keys().cloned();
    assert_eq!(described.collect::<BTreeSet<_>>(), expected);
    app.stop().await;
}
