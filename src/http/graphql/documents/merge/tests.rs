use super::*;
use crate::http::graphql::inputs::InputTypes;
use async_graphql::parser::parse_query;
use async_graphql::{EmptyMutation, EmptySubscription, Interface, Object, SimpleObject};

#[derive(SimpleObject)]
struct Bee {
    id: i32,
    name: String,
}

#[derive(SimpleObject)]
struct Hive {
    id: i32,
    queen: Bee,
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "&i32"))]
enum Node {
    Bee(Bee),
    Hive(Hive),
}

struct Query;

#[Object]
impl Query {
    async fn a(&self, _n: Option<i32>, _m: Option<Vec<i32>>) -> Option<Box<Query>> {
        None
    }

    async fn b(&self) -> Option<i32> {
        None
    }

    async fn c(&self) -> Option<i32> {
        None
    }

    async fn bee(&self) -> Option<Bee> {
        None
    }

    async fn node(&self) -> Option<Node> {
        None
    }
}

/// Renders the names in a document, in order.
fn merge(text: &str) -> String {
    fn write(set: &SelectionSet, text: &mut String) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    *text += field.node.response_key().node.as_str();
                    if !field.node.selection_set.node.items.is_empty() {
                        *text += "{";
                        write(&field.node.selection_set.node, text);
                        *text += "}";
                    }
                }
                Selection::FragmentSpread(spread) => {
                    *text += &format!("...{}", spread.node.fragment_name.node);
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    *text += &format!("...{}{{", condition.map_or("", |on| on.node.on.node.as_str()));
                    write(&inline.node.selection_set.node, text);
                    *text += "}";
                }
            }
            *text += " ";
        }
    }
    let types = InputTypes::of::<Query, EmptyMutation, EmptySubscription>();
    let document = merged(types.registry(), parse_query(text).unwrap());
    assert!(document.fragments.is_empty());
    let mut text = String::new();
    for (_, operation) in document.operations.iter() {
        write(&operation.node.selection_set.node, &mut text);
    }
    text.replace(" }", "}").trim_end().to_owned()
}

#[test]
fn equal_fields_are_merged() {
    for (text, expected) in [
        ("{ b b b }", "b"),
        (
            "{ a { b } a { b x: b } c a { bee { id } } a { bee { name } } }",
            "a{b x bee{id name}} c",
        ),
        ("{ x: a(n: 1, m: [$v]) { b } x: a(m: [$v], n: 1) { c } }", "x{b c}"),
        ("{ b c b @skip(if: $v) c b }", "b c b"),
        // The equal one of several different ones is found.
        ("{ b @skip(if: $v) b b }", "b b"),
    ] {
        assert_eq!(merge(text), expected, "{text}");
    }
}

#[test]
fn fragments_that_always_apply_are_expanded() {
    for (text, expected) in [
        ("{ ...F ...F } fragment F on Query { b }", "b"),
        ("{ ... { b } ... { b c } ... on Query { c } b }", "b c"),
        (
            "{ bee { ...F ...G } } fragment F on Bee { id } fragment G on Bee { name id }",
            "bee{id name}",
        ),
        (
            "{ ...F ...G } fragment F on Query { bee { id } } fragment G on Query { ...H b } fragment H on Query { bee { name } }",
            "bee{id name} b",
        ),
        // The order is that of first occurrence.
        ("{ ... on Query { b } c ... on Query { a { b } } }", "b c a{b}"),
        // An object always implements its interfaces.
        (
            "{ bee { ...N name ... on Node { id } } } fragment N on Node { id }",
            "bee{id name}",
        ),
        ("{ node { id ...N } } fragment N on Node { id }", "node{id}"),
    ] {
        assert_eq!(merge(text), expected, "{text}");
    }
}

#[test]
fn fragments_that_may_not_apply_stay_and_are_merged_by_type() {
    for (text, expected) in [
        (
            "{ node { ...A id ...B ... on Hive { queen { id } } } } fragment A on Bee { name } fragment B on Bee { name id }",
            "node{...Bee{name id} id ...Hive{queen{id}}}",
        ),
        ("{ ...F ...F @skip(if: $v) } fragment F on Query { b }", "b ...Query{b}"),
        ("{ ...Nowhere ...Nowhere }", "...Nowhere"),
        (
            "{ __schema { ...S ...S } } fragment S on __Schema { types { name } }",
            "__schema{...__Schema{types{name}}}",
        ),
    ] {
        assert_eq!(merge(text), expected, "{text}");
    }
}

#[test]
fn different_selections_are_not_merged() {
    for text in [
        "{ b c }",
        "{ b x: b }",
        "{ a(n: 1) a(n: 2) }",
        "{ a(n: 1) a }",
        "{ a(n: $v) a(n: $w) }",
        "{ b b @skip(if: $v) }",
        "{ b @include(if: $v) b @include(if: $w) }",
        "{ x: a x: b }",
        "{ a a { b } }",
        "{ ... on Bee { id } ... on Hive { id } }",
    ] {
        let count = |text: &str| text.matches([' ']).count();
        assert_eq!(count(&merge(text)), 1, "{text} became {}", merge(text));
    }
}
