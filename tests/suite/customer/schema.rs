//! The schema itself: its limits, and that everything in it is described.

use async_graphql::Response;
use newbee::graphql::{admin_schema, customer_schema, sdl};

use crate::support::world::World;

/// The query that graphql-js and with it every tool sends, with all its options on.
const INTROSPECTION: &str = include_str!("introspection.graphql");

#[tokio::test]
async fn tools_can_read_the_schema() {
    let world = World::new().await;
    let reply = world.run(None, INTROSPECTION.into()).await;
    assert_eq!(reply.errors, []);
}

#[tokio::test]
async fn what_costs_too_much_is_refused() {
    let world = World::new().await;
    let fields = (0..9)
        .map(|i| format!("c{i}: children(first: 100) {{ nodes {{ id name boundAt portraitUri childrenCount }} }}"));
    let reply = world
        .ask(&format!("{{ me {{ {} }} }}", fields.collect::<Vec<_>>().join(" ")))
        .await;
    assert_eq!(reply.errors[0].message, "Query is too complex.");
    assert_eq!(world.statements(), 0);
}

const DESCRIPTIONS: &str = "{ __schema { types { name description
    fields(includeDeprecated: true) { name description args { name description } }
    inputFields { name description }
    enumValues(includeDeprecated: true) { name description } } } }";

/// Elements of an introspected schema whose description is missing or not a sentence.
fn silent(reply: Response) -> Vec<String> {
    let types = reply.data.into_json().unwrap()["__schema"]["types"].take();
    let mut silent = Vec::new();
    for kind in types.as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        // The scalars of GraphQL itself, and of the library, are not ours to describe.
        if name.starts_with("__") || ["ID", "JSON"].contains(&name) {
            continue;
        }
        let mut check = |path: String, thing: &serde_json::Value| {
            let text = thing["description"].as_str().unwrap_or_default();
            if !text.trim_end().ends_with(['.', ')']) {
                silent.push(format!("{path}: {text}"));
            }
        };
        check(name.to_owned(), kind);
        for member in ["fields", "inputFields", "enumValues"]
            .iter()
            .flat_map(|members| kind[*members].as_array().into_iter().flatten())
        {
            let path = format!("{name}.{}", member["name"].as_str().unwrap());
            check(path.clone(), member);
            for argument in member["args"].as_array().into_iter().flatten() {
                check(format!("{path}({})", argument["name"].as_str().unwrap()), argument);
            }
        }
    }
    silent
}

#[tokio::test]
async fn everything_is_described() {
    let customers = customer_schema().finish().execute(DESCRIPTIONS).await;
    let admin = admin_schema().finish().execute(DESCRIPTIONS).await;
    for reply in [customers, admin] {
        assert_eq!(reply.errors, []);
        assert_eq!(silent(reply), Vec::<String>::new());
    }
}

#[test]
fn the_text_is_stable_and_has_the_schemas_description() {
    assert_eq!(sdl(), sdl());
    assert!(sdl().contains("\"\"\"\nschema {"), "{}", sdl());
}
