//! Every date and time that the admin API takes: what is none is named, and none is a fault of the service.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::ops::scopes::{Schema, codes};
use crate::support::app::TestApp;

/// Texts in place of a date, and of a time.
const BAD: [(&str, &str); 7] = [
    ("-5000-01-01", "-5000-01-01T00:00:00Z"),
    ("+262142-12-31", "+262142-12-31T00:00:00Z"),
    (" 2026-01-01", " 2026-01-01T00:00:00Z"),
    ("2026-2-3", "2026-2-3T00:00:00Z"),
    ("0001-01-01", "0001-01-01T00:00:00Z"),
    ("2026-02-30", "2026-02-30T00:00:00Z"),
    ("infinity", "infinity"),
];

/// The edges of what is accepted.
const EDGES: [(&str, &str); 3] = [
    ("1900-01-01", "1900-01-01T00:00:00Z"),
    ("9999-12-31", "9999-12-31T23:59:59.999Z"),
    ("2026-11-19", "2026-11-19T00:00:00Z"),
];

/// Writes a value of a type with all that is optional; counts the dates and times in it.
fn value(schema: &Schema, kind: &Value, texts: (&str, &str), dates: &mut usize) -> String {
    match kind["kind"].as_str().unwrap() {
        "NON_NULL" => value(schema, &kind["ofType"], texts, dates),
        "LIST" => format!("[{}]", value(schema, &kind["ofType"], texts, dates)),
        "ENUM" => {
            let values = &schema.0[kind["name"].as_str().unwrap()]["enumValues"];
            values[0]["name"].as_str().unwrap().to_owned()
        }
        "INPUT_OBJECT" => {
            let input = &schema.0[kind["name"].as_str().unwrap()];
            let fields = input["inputFields"].as_array().unwrap();
            // The first field stands for the others of an input that takes exactly one.
            let taken = if input["isOneOf"] == true { 1 } else { fields.len() };
            let written: Vec<String> = fields[..taken]
                .iter()
                .map(|field| {
                    let name = field["name"].as_str().unwrap();
                    format!("{name}: {}", value(schema, &field["type"], texts, dates))
                })
                .collect();
            format!("{{ {} }}", written.join(", "))
        }
        _ => match kind["name"].as_str().unwrap() {
            "Boolean" => "true".to_owned(),
            "Int" | "Float" => "1".to_owned(),
            "Decimal" => "\"1.0000\"".to_owned(),
            "Date" => {
                *dates += 1;
                format!("\"{}\"", texts.0)
            }
            "DateTime" => {
                *dates += 1;
                format!("\"{}\"", texts.1)
            }
            _ => "\"17\"".to_owned(),
        },
    }
}

/// A request for a field of the root with all of its arguments; `None` for a field that takes no date.
fn request(schema: &Schema, root: &str, field: &Value, texts: (&str, &str)) -> Option<String> {
    let mut dates = 0;
    let arguments: Vec<String> = field["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|argument| {
            let name = argument["name"].as_str().unwrap();
            // The name of a job must be one that takes a day.
            let written = match name {
                "job" => "\"close_day\"".to_owned(),
                _ => value(schema, &argument["type"], texts, &mut dates),
            };
            format!("{name}: {written}")
        })
        .collect();
    let selection = match schema.objects(&field["type"]) {
        Some(_) => "{ __typename }",
        None => "",
    };
    let name = field["name"].as_str().unwrap();
    (dates > 0).then(|| {
        format!(
            "{} {{ {name}({}) {selection} }}",
            root.to_lowercase(),
            arguments.join(", ")
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_date_is_a_fault_of_the_service() {
    let app = TestApp::start().await;
    app.add_user(17).await;
    let key = app.api_key("all", &[Scope::Host, Scope::OpsWrite, Scope::Act]).await;
    let schema = Schema::read(&app, &key).await;
    let mut fields = 0;
    for root in ["Query", "Mutation"] {
        for field in schema.fields(root) {
            for (texts, is_bad) in BAD
                .iter()
                .map(|bad| (*bad, true))
                .chain(EDGES.iter().map(|edge| (*edge, false)))
            {
                let Some(request) = request(&schema, root, field, texts) else {
                    continue;
                };
                fields += usize::from(texts == EDGES[0]);
                let (status, reply) = app.admin_reply(Some(&key), &request, json!({})).await;
                let codes = codes(&reply);
                assert!(status < 500, "{request}: {reply}");
                assert!(!codes.contains(&"INTERNAL_SERVER_ERROR"), "{request}: {reply}");
                if is_bad {
                    assert!(!reply["errors"].is_null(), "{request}: {reply}");
                    let message = reply["errors"][0]["message"].as_str().unwrap();
                    assert!(
                        message.contains("is written") || message.contains("expected"),
                        "{request}: {message}"
                    );
                }
            }
        }
    }
    assert!(fields >= 5, "{fields} fields take dates");
    let failed: i64 = sqlx::query_scalar("select count(*) from job_runs where state = 'FAILED'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    app.run_due_jobs().await;
    assert_eq!(failed, 0);
    app.stop().await;
}
