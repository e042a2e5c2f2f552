//! Evaluation of `@skip` and `@include`.
//!
//! async-graphql 8.0.0-rc.5 evaluates them too, but ignores the default values of variables, and does so too late for
//! [`merge`](super::merge).

use async_graphql::parser::types::{Directive, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Positioned, Variables};
use async_graphql_value::{ConstValue, Value};

/// Returns true if any selection of an operation without named fragments has a directive.
pub fn has_directives(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| {
        let below = match &selection.node {
            Selection::Field(field) => Some(&field.node.selection_set.node),
            Selection::InlineFragment(inline) => Some(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => None,
        };
        !selection.node.directives().is_empty() || below.is_some_and(has_directives)
    })
}

/// Removes the selections that are skipped or not included, and the directives of the remaining ones.
pub fn decide(operation: &mut OperationDefinition, variables: &Variables) {
    let definitions = &operation.variable_definitions;
    let value_of = |condition: &Value| match condition {
        Value::Boolean(value) => Some(*value),
        Value::Variable(name) => {
            let definition = definitions
                .iter()
                .find(|definition| definition.node.name.node == *name)?;
            let default = definition.node.default_value.as_ref().map(|default| &default.node);
            match variables.get(name).or(default) {
                Some(ConstValue::Boolean(value)) => Some(*value),
                _ => None,
            }
        }
        _ => None,
    };
    in_set(&mut operation.selection_set.node, &value_of);
}

fn in_set(set: &mut SelectionSet, value_of: &impl Fn(&Value) -> Option<bool>) {
    set.items.retain_mut(|selection| {
        let mut is_selected = true;
        selection.node.directives_mut().retain(|directive| {
            let decided = condition(directive).and_then(|(included_if, value)| Some(value_of(value)? == included_if));
            is_selected &= decided.unwrap_or(true);
            decided.is_none()
        });
        is_selected
    });
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => in_set(&mut field.node.selection_set.node, value_of),
            Selection::InlineFragment(inline) => in_set(&mut inline.node.selection_set.node, value_of),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Returns the condition of a directive, and the value it must have for the selection to be included.
fn condition(directive: &Positioned<Directive>) -> Option<(bool, &Value)> {
    let included_if = match directive.node.name.node.as_str() {
        "include" => true,
        "skip" => false,
        _ => return None,
    };
    let condition = directive.node.get_argument("if")?;
    Some((included_if, &condition.node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::DocumentOperations;
    use serde_json::json;

    fn names(text: &str, variables: serde_json::Value) -> String {
        fn write(set: &SelectionSet, text: &mut String) {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => {
                        *text += field.node.name.node.as_str();
                        write(&field.node.selection_set.node, text);
                    }
                    Selection::InlineFragment(inline) => write(&inline.node.selection_set.node, text),
                    Selection::FragmentSpread(_) => {}
                }
            }
        }
        let DocumentOperations::Single(mut operation) = parse_query(text).unwrap().operations else {
            panic!("{text} has a name")
        };
        assert!(has_directives(&operation.node.selection_set.node));
        decide(&mut operation.node, &Variables::from_json(variables));
        assert!(!has_directives(&operation.node.selection_set.node));
        let mut text = String::new();
        write(&operation.node.selection_set.node, &mut text);
        text
    }

    #[test]
    fn conditions_are_evaluated_with_variables_and_defaults() {
        let text = "query ($t: Boolean = true, $f: Boolean! = false, $v: Boolean!) {
            a @skip(if: true) b @include(if: true) c @include(if: $t) d @include(if: $f)
            e @include(if: $v) f @skip(if: $v) { g @skip(if: false) }
            ... @include(if: $t) @skip(if: $v) { h } i @include(if: $t) @include(if: $f) }";
        assert_eq!(names(text, json!({ "v": true })), "bce");
        assert_eq!(names(text, json!({ "v": false })), "bcfgh");
        assert_eq!(names(text, json!({ "v": false, "t": false, "f": true })), "bdfg");
    }
}
