//! Detection of introspection queries.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// Returns true if `__schema` or `__type` occurs anywhere in a document, including unused fragments. `__typename` is
/// allowed: clients add it to every selection, and it reveals only the type name of an object. Recursion is bounded by
/// the nesting of brackets in the text.
pub fn asks_for_the_schema(document: &ExecutableDocument) -> bool {
    let operations = document
        .operations
        .iter()
        .map(|(_, operation)| &operation.node.selection_set);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set);
    operations.chain(fragments).any(|set| in_set(&set.node))
}

fn in_set(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => {
            matches!(field.node.name.node.as_str(), "__schema" | "__type") || in_set(&field.node.selection_set.node)
        }
        Selection::InlineFragment(inline) => in_set(&inline.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    })
}
