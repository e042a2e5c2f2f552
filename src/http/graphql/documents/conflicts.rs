//! The rule "Field Selection Merging" of the specification: fields with the same response name must be the same field.
//!
//! The rule of async-graphql 8.0.0-rc.5 does not compare fields with those of fragments, nor fields below two merged
//! selections. Like that rule, this one does not compare the types of fields of different objects.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{Positioned, ServerError};

use super::merge;
use crate::http::graphql::types::{field_type, root_type};

/// Returns the conflicts in a document without named fragments.
pub fn conflicts(registry: &Registry, merged: &ExecutableDocument) -> Vec<ServerError> {
    let mut check = Check {
        registry,
        errors: Vec::new(),
    };
    for (_, operation) in merged.operations.iter() {
        let root = root_type(registry, operation.node.ty);
        check.sets([(root, &operation.node.selection_set.node)]);
    }
    check.errors.sort_by_key(|error| error.locations.clone());
    check.errors
}

/// The type that fields are selected from; `None` for introspection types, which the registry does not contain.
type Parent<'a> = Option<&'a MetaType>;

/// A field and the type it is selected from.
type Selected<'a> = (Parent<'a>, &'a Positioned<Field>);

struct Check<'a> {
    registry: &'a Registry,
    errors: Vec<ServerError>,
}

impl<'a> Check<'a> {
    /// Checks selection sets on the same object.
    fn sets(&mut self, sets: impl IntoIterator<Item = (Parent<'a>, &'a SelectionSet)>) {
        let mut fields: HashMap<&str, Vec<Selected<'a>>> = HashMap::new();
        for (parent, set) in sets {
            self.collect(parent, set, &mut fields);
        }
        for (name, fields) in fields {
            self.of_one_name(name, &fields);
        }
    }

    fn collect(&self, parent: Parent<'a>, set: &'a SelectionSet, fields: &mut HashMap<&'a str, Vec<Selected<'a>>>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.response_key().node.as_str();
                    fields.entry(name).or_default().push((parent, field));
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |on| self.registry.types.get(on.node.on.node.as_str()));
                    self.collect(parent, &inline.node.selection_set.node, fields);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Compares fields with the first one that may be selected from the same object, then their sub-selections.
    fn of_one_name(&mut self, name: &str, fields: &[Selected<'a>]) {
        let mut compared: Vec<Selected<'a>> = Vec::new();
        for field in fields {
            let conflict = compared
                .iter()
                .filter(|first| may_be_of_one_object(first.0, field.0))
                .find_map(|first| Some((first.1, difference(&first.1.node, &field.1.node)?)));
            if let Some((first, difference)) = conflict {
                let message = format!(
                    "Fields \"{name}\" conflict because {difference}. Use different aliases on the fields to fetch both if this \
                     was intentional."
                );
                let mut error = ServerError::new(message, Some(first.pos));
                error.locations.push(field.1.pos);
                self.errors.push(error);
                return;
            }
            if !compared.iter().any(|first| is_one_type(first.0, field.0)) {
                compared.push(*field);
            }
        }
        // Each type once, with the fields that an object of this type also has.
        for (parent, _) in compared {
            let together = fields.iter().filter(|field| may_be_of_one_object(parent, field.0));
            let below: Vec<_> = together
                .map(|(parent, field)| (self.below(*parent, field), &field.node.selection_set.node))
                .collect();
            self.sets(below);
        }
    }

    fn below(&self, parent: Parent<'a>, field: &Positioned<Field>) -> Parent<'a> {
        let known = parent?.field_by_name(&field.node.name.node)?;
        field_type(self.registry, known)
    }
}

fn is_one_type(one: Parent<'_>, other: Parent<'_>) -> bool {
    one.map(MetaType::name) == other.map(MetaType::name)
}

/// Returns true if an object can have fields of both types, which is false for two distinct object types.
fn may_be_of_one_object(one: Parent<'_>, other: Parent<'_>) -> bool {
    let is_object = |parent: Parent<'_>| matches!(parent, Some(MetaType::Object { .. }));
    is_one_type(one, other) || !is_object(one) || !is_object(other)
}

fn difference(one: &Field, other: &Field) -> Option<String> {
    if one.name.node != other.name.node {
        let (one, other) = (&one.name.node, &other.name.node);
        return Some(format!("\"{one}\" and \"{other}\" are different fields"));
    }
    (!merge::equal_arguments(one, other)).then(|| "they have differing arguments".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::graphql::inputs::InputTypes;
    use async_graphql::parser::parse_query;
    use async_graphql::{EmptyMutation, EmptySubscription, Interface, Object, SimpleObject};

    #[derive(SimpleObject)]
    struct Bee {
        id: i32,
        age: i32,
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
        async fn a(&self, _n: Option<i32>, _m: Option<i32>) -> Option<Box<Query>> {
            None
        }

        async fn b(&self) -> Option<i32> {
            None
        }

        async fn node(&self) -> Option<Node> {
            None
        }
    }

    fn found(text: &str) -> Vec<String> {
        let types = InputTypes::of::<Query, EmptyMutation, EmptySubscription>();
        let merged = merge::merged(types.registry(), parse_query(text).unwrap());
        let errors = conflicts(types.registry(), &merged);
        errors.into_iter().map(|error| error.message).collect()
    }

    /// The expectations are the results of graphql-js 16 for the same schema.
    #[test]
    fn fields_of_one_name_must_not_conflict() {
        for text in [
            "{ a(n: 1, m: 2) { b } a(m: 2, n: 1) { b x: b } }",
            "{ b b @skip(if: true) ...F } fragment F on Query { b }",
            "{ a(n: $n) { b } ... { a(n: $n) { b } } }",
            "{ node { ... on Bee { x: age } ... on Hive { x: id } } }",
            "{ node { id ... on Bee { id } ... on Hive { queen { id: age } } } }",
            "{ __schema { types { name } ...S } } fragment S on __Schema { types { kind } }",
        ] {
            assert_eq!(found(text), [] as [&str; 0], "{text}");
        }
        for (text, name) in [
            ("{ x: a { b } x: b }", "x"),
            ("{ a(n: 1) { b } a(n: 2) { b } }", "a"),
            ("{ a(n: 1) { b } a { b } }", "a"),
            ("{ b: a { b } ...F } fragment F on Query { b }", "b"),
            ("{ a { x: b } a { x: a { b } } }", "x"),
            ("{ a @skip(if: true) { x: b } a { x: a { b } } }", "x"),
            (
                "{ a { ...F } ...G } fragment F on Query { a(n: 1) { b } } fragment G on Query { a { a(n: 2) { b } } }",
                "a",
            ),
            ("{ x: b ... @include(if: true) { x: a { b } } }", "x"),
            ("{ node { x: id ... on Bee { x: age } } }", "x"),
            (
                "{ node { ... on Node { x: id } ... on Hive { x: queen { id } } } }",
                "x",
            ),
            (
                "{ __schema { x: types { name } ...S } } fragment S on __Schema { x: queryType { name } }",
                "x",
            ),
        ] {
            let errors = found(text);
            assert_eq!(errors.len(), 1, "{text}: {errors:?}");
            assert!(
                errors[0].starts_with(&format!("Fields \"{name}\" conflict")),
                "{text}: {errors:?}"
            );
        }
    }
}
