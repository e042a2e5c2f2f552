//! Whether a document asks for the schema itself.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// Whether `__schema` or `__type` stands anywhere in a document, in fragments that nobody uses too. `__typename`, which
/// clients ask of everything, tells no more than the name of what they have. The recursion is bounded by the nesting of
/// brackets in the text.
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
