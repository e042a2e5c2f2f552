//! Removal of arguments whose variable has no value.
//!
//! By the specification (CoerceArgumentValues) an argument whose variable was not sent is absent, so that its default
//! value applies; async-graphql 8.0.0-rc.5 treats it as null. Apply only to validated documents: validation would
//! report the variable as unused.

use async_graphql::parser::types::{OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Variables};
use async_graphql_value::Value;

/// Removes arguments and input object fields whose value is an optional variable without a value, from an operation
/// without named fragments. A list item is kept, as null.
pub fn omit(operation: &mut OperationDefinition, variables: &Variables) {
    let absent: Vec<Name> = operation
        .variable_definitions
        .iter()
        .map(|definition| &definition.node)
        .filter(|definition| definition.var_type.node.nullable && definition.default_value.is_none())
        .map(|definition| &definition.name.node)
        .filter(|name| !variables.contains_key(*name))
        .cloned()
        .collect();
    if !absent.is_empty() {
        in_set(&mut operation.selection_set.node, &absent);
    }
}

fn in_set(set: &mut SelectionSet, absent: &[Name]) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let arguments = &mut field.node.arguments;
                arguments.retain(|(_, value)| !is_absent(&value.node, absent));
                for (_, value) in arguments {
                    in_value(&mut value.node, absent);
                }
                in_set(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(inline) => in_set(&mut inline.node.selection_set.node, absent),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn in_value(value: &mut Value, absent: &[Name]) {
    match value {
        Value::List(items) => items.iter_mut().for_each(|item| in_value(item, absent)),
        Value::Object(fields) => {
            fields.retain(|_, value| !is_absent(value, absent));
            fields.values_mut().for_each(|value| in_value(value, absent));
        }
        _ => {}
    }
}

fn is_absent(value: &Value, absent: &[Name]) -> bool {
    matches!(value, Value::Variable(name) if absent.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::DocumentOperations;
    use serde_json::json;

    #[test]
    fn only_arguments_without_a_value_are_removed() {
        let text = "query ($a: Int, $b: Int = 1, $c: Int!, $d: Int) {
            x(a: $a, b: $b, c: $c, d: $d, o: { a: $a, d: $d, l: [$a, { a: $a }] }) { ... { y(a: $a) { z(d: $d) } } } }";
        let DocumentOperations::Single(mut operation) = parse_query(text).unwrap().operations else {
            panic!("it has no name")
        };
        omit(&mut operation.node, &Variables::from_json(json!({ "c": 1, "d": null })));
        let written = format!("{:?}", operation.node.selection_set);
        let count = |name: &str| written.matches(&format!("Variable(Name(\"{name}\"))")).count();
        assert_eq!(
            [count("a"), count("b"), count("c"), count("d")],
            [1, 1, 1, 3],
            "{written}"
        );
    }
}
