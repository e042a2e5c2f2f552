//! Tests of valid and invalid values, literals and positions.

use super::*;
use async_graphql::parser::parse_query;
use async_graphql::{EmptyMutation, EmptySubscription, Enum, InputObject, Object, OneofObject};
use serde_json::json;

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum Colour {
    Red,
}

#[derive(InputObject)]
struct Filter {
    size: i32,
    tags: Option<Vec<String>>,
    colour: Option<Colour>,
    #[graphql(default = 1)]
    weight: i32,
    inner: Option<Box<Filter>>,
}

#[derive(OneofObject)]
enum By {
    Id(String),
    Size(i32),
}

struct Query;

#[Object]
impl Query {
    #[allow(clippy::too_many_arguments)] // the arguments of a field
    async fn find(
        &self,
        _colour: Option<Colour>,
        _filter: Option<Filter>,
        _by: Option<By>,
        _colours: Option<Vec<Colour>>,
        _ids: Option<Vec<ID>>,
        _text: Option<String>,
        _number: Option<f64>,
    ) -> bool {
        true
    }

    async fn times(&self, #[graphql(default = 3)] _n: i32, _m: Option<i32>) -> bool {
        true
    }

    async fn must(&self, _n: i32, _list: Vec<i32>) -> Box<Query> {
        Box::new(Query)
    }
}

fn check(definition: &str, variables: serde_json::Value) -> Result<(), String> {
    let document = parse_query(format!("query ({definition}) {{ find }}")).unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    InputTypes::of::<Query, EmptyMutation, EmptySubscription>()
        .check_variables(&operation.node, &Variables::from_json(variables))
}

#[test]
fn valid_values_are_accepted() {
    assert_eq!(check("$v: Int!", json!({ "v": 3 })), Ok(()));
    assert_eq!(check("$v: Int! = 3", json!({})), Ok(()));
    assert_eq!(check("$v: Int", json!({ "v": null })), Ok(()));
    assert_eq!(check("$v: [Int!]", json!({ "v": 3 })), Ok(()));
    assert_eq!(check("$v: ID!", json!({ "v": "award_1" })), Ok(()));
    assert_eq!(check("$v: Colour", json!({ "v": "RED" })), Ok(()));
    assert_eq!(
        check("$v: Filter", json!({ "v": { "size": 3, "tags": ["a"] } })),
        Ok(())
    );
    assert_eq!(check("$v: By", json!({ "v": { "size": 3 } })), Ok(()));
    assert_eq!(
        check("$v: Nowhere", json!({ "v": 3 })),
        Ok(()),
        "unknown types are left to validation"
    );
}

#[test]
fn wrong_values_are_reported_with_their_place() {
    let reported = |definition, variables| check(definition, variables).unwrap_err();
    assert_eq!(
        reported("$v: Int!", json!({})),
        "Variable \"$v\" of type \"Int!\" is required but was not sent."
    );
    assert_eq!(
        reported("$v: Int!", json!({ "v": null })),
        "Variable \"$v\" is invalid: expected a value of type \"Int!\"."
    );
    assert!(reported("$v: Int = 3, $w: Int!", json!({ "v": 1 })).contains("$w"));
    assert!(reported("$v: Int", json!({ "v": 5_000_000_000_i64 })).contains("\"Int\""));
    assert!(reported("$v: String", json!({ "v": 3 })).contains("\"String\""));
    assert!(reported("$v: [Int!]!", json!({ "v": [1, null] })).contains("$v[1]"));
    assert!(reported("$v: Colour", json!({ "v": "BLUE" })).contains("has no value \"BLUE\""));
    assert!(reported("$v: Filter", json!({ "v": { "size": 3, "tags": ["a", null] } })).contains("$v.tags[1]"));
    assert!(reported("$v: Filter", json!({ "v": {} })).contains("\"size\" of \"Filter\" is required"));
    assert!(reported("$v: Filter", json!({ "v": { "size": 1, "more": 2 } })).contains("no field \"more\""));
    assert!(reported("$v: Filter", json!({ "v": 1 })).contains("\"Filter\""));
    assert!(reported("$v: By", json!({ "v": { "size": 3, "id": "x" } })).contains("exactly one"));
}

fn check_document(text: &str) -> Result<(), Vec<String>> {
    let document = parse_query(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    InputTypes::of::<Query, EmptyMutation, EmptySubscription>()
        .check_document(&document)
        .map_err(|errors| errors.into_iter().map(|error| error.message).collect())
}

/// The expectations are the results of graphql-js 16 (`validate` with all rules) for the same schema.
const VALID: [&str; 34] = [
    "{ find(colour: RED) }",
    "{ find(colour: null) }",
    "{ find(colours: RED) }",
    "{ find(colours: [RED, RED]) }",
    "{ find(ids: 3) }",
    "{ find(ids: [3, \"x\"]) }",
    "{ find(number: 3) }",
    "{ find(filter: { size: 1 }) }",
    "{ find(filter: { size: 1, tags: \"a\", colour: RED, inner: { size: 2 } }) }",
    "{ find(by: { size: 1 }) }",
    "{ times }",
    "{ times(m: null) }",
    "query ($c: Colour) { find(colour: $c) }",
    "query ($c: Colour!) { find(colour: $c) }",
    "query ($c: Colour = RED) { find(colour: $c) }",
    "query ($c: [Colour!]!) { find(colours: $c) }",
    "query ($c: Colour!) { find(colours: [$c]) }",
    "query ($c: Colour) { find(filter: { size: 1, colour: $c }) }",
    "query ($s: Int!) { find(filter: { size: $s, inner: { size: $s } }) }",
    "query ($s: Int = 1) { find(filter: { size: $s }) }",
    "query ($s: Int) { find(filter: { size: 1, weight: $s }) }",
    "query ($s: Int!) { find(by: { size: $s }) }",
    "query ($n: Int) { times(n: $n) }",
    "query ($n: Int!) { times(n: $n, m: $n) }",
    "query ($n: Int = 3, $l: [Int!]!) { must(n: $n, list: $l) { times } }",
    "query ($n: Int!, $l: [Int!]! = [1]) { must(n: $n, list: $l) { times } }",
    "query ($i: Int!) { must(n: 1, list: [$i]) { times } }",
    "query ($i: [ID!]!) { find(ids: $i) }",
    "query ($b: Boolean!) { times @include(if: $b) @skip(if: $b) }",
    "query ($b: Boolean = true) { times @include(if: $b) }",
    "query ($b: Boolean!) { ...F @include(if: $b) ... @skip(if: $b) { times } } fragment F on Query { times }",
    "query A($n: Int!) { ...F } query B($n: Int! = 1) { ...F } fragment F on Query { times(n: $n) }",
    "query ($c: Boolean) { __type(name: \"A\") { fields(includeDeprecated: $c) { name } } }",
    "query ($f: Filter = { size: 1, colour: RED }) { find(filter: $f) }",
];

const INVALID: [&str; 49] = [
    "{ find(colour: \"RED\") }",
    "{ find(colour: BLUE) }",
    "{ find(colour: 1) }",
    "{ find(colour: true) }",
    "{ find(colours: [\"RED\"]) }",
    "{ find(colours: [[RED]]) }",
    "{ find(colours: [RED, null]) }",
    "{ find(text: RED) }",
    "{ find(text: 3) }",
    "{ find(text: true) }",
    "{ find(text: [\"a\"]) }",
    "{ find(number: \"3\") }",
    "{ find(ids: 3.5) }",
    "{ find(ids: [null, {a: 1}]) }",
    "{ find(filter: { size: \"1\" }) }",
    "{ find(filter: { size: null }) }",
    "{ find(filter: { tags: [] }) }",
    "{ find(filter: { size: 1, nope: 1 }) }",
    "{ find(filter: { size: 1, colour: \"RED\" }) }",
    "{ find(filter: { size: 1, tags: [null] }) }",
    "{ find(filter: { size: 1, inner: { size: 2, inner: {} } }) }",
    "{ find(filter: 1) }",
    "{ find(by: { size: 1, id: \"x\" }) }",
    "{ find(by: {}) }",
    "{ find(by: { size: null }) }",
    "{ times(n: null) }",
    "{ times(n: 5000000000) }",
    "{ times(m: 1.5) }",
    "query ($c: String) { find(colour: $c) }",
    "query ($c: String!) { find(colour: $c) }",
    "query ($c: [Colour]) { find(colours: [$c]) }",
    "query ($c: [Colour]) { find(colour: $c) }",
    "query ($c: Colour) { find(colours: $c) }",
    "query ($c: String) { find(filter: { size: 1, colour: $c }) }",
    "query ($s: Int) { find(filter: { size: $s }) }",
    "query ($s: Int = null) { find(filter: { size: $s }) }",
    "query ($s: Int) { find(by: { size: $s }) }",
    "query ($s: Float!) { find(filter: { size: 1, weight: $s }) }",
    "query ($n: Int, $l: [Int!]!) { must(n: $n, list: $l) { times } }",
    "query ($n: Int!, $l: [Int]!) { must(n: $n, list: $l) { times } }",
    "query ($n: Int!, $l: [Int!]) { must(n: $n, list: $l) { times } }",
    "query ($i: Int) { must(n: 1, list: [$i]) { times } }",
    "query ($b: Boolean) { times @include(if: $b) }",
    "query ($b: Boolean) { ...F @skip(if: $b) } fragment F on Query { times }",
    "query ($b: String!) { ... @skip(if: $b) { times } }",
    "{ times @include(if: \"true\") }",
    "query A($n: Int!) { ...F } query B($n: String!) { ...G } fragment G on Query { ...F } fragment F on Query { times(n: $n) }",
    "query ($c: Colour = \"RED\") { find(colour: $c) }",
    "query ($f: Filter = { size: \"x\" }) { find(filter: $f) }",
];

#[test]
fn results_match_the_reference_implementation() {
    for text in VALID {
        assert_eq!(check_document(text), Ok(()), "{text}");
    }
    for text in INVALID {
        assert!(check_document(text).is_err(), "{text}");
    }
}

#[test]
fn wrong_literals_are_reported_with_their_place() {
    for (text, message) in [
        (
            "{ find(colour: \"RED\") }",
            "The argument \"colour\" is invalid: \"Colour\" is not a string: write RED without quotes.",
        ),
        (
            "{ find(filter: { size: 1, inner: { size: 2, tags: [\"a\", 3] } }) }",
            "The argument \"filter.inner.tags[1]\" is invalid: expected a value of type \"String\".",
        ),
        (
            "query ($v: [Int!] = [1, \"x\"]) { must(n: 1, list: $v) { times } }",
            "The default value of \"$v[1]\" is invalid: expected a value of type \"Int\".",
        ),
        (
            "query ($v: String) { find(colour: $v) }",
            "Variable \"$v\" of type \"String\" cannot stand where \"Colour\" is expected.",
        ),
    ] {
        assert_eq!(check_document(text), Err(vec![message.to_owned()]), "{text}");
    }
}

#[test]
fn errors_are_bounded() {
    let wrong = "a: times(n: null) ".repeat(50);
    assert_eq!(
        check_document(&format!("{{ {wrong} }}")).map_err(|errors| errors.len()),
        Err(MAX_ERRORS)
    );
}
