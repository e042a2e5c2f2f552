//! Expands fragments and merges equal selections, so that each field is executed once.
//!
//! async-graphql resolves a field once per occurrence, even if name and arguments are equal. By the specification
//! (CollectFields, MergeSelectionSets) these occurrences are one field. The merged document is only for execution:
//! validation needs the document as it was sent.
//!
//! Selections with directives are not merged; [`conditions`](super::conditions) removes them once the variables are
//! known. Fields of fragments on different types are not merged either.

use std::collections::HashMap;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread, InlineFragment,
    OperationDefinition, Selection, SelectionSet,
};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value;

use crate::http::graphql::types::{field_type, root_type};

/// Returns a document for execution: its operations without named fragments, with equal selections merged.
///
/// The document must have passed the guard, which bounds its selections and their depth with fragments expanded.
pub fn merged(registry: &Registry, document: ExecutableDocument) -> ExecutableDocument {
    let ExecutableDocument {
        mut operations,
        fragments,
    } = document;
    let merge = Merge {
        registry,
        fragments: &fragments,
    };
    match &mut operations {
        DocumentOperations::Single(operation) => merge.in_operation(&mut operation.node),
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                merge.in_operation(&mut operation.node);
            }
        }
    }
    ExecutableDocument {
        operations,
        fragments: HashMap::new(),
    }
}

struct Merge<'a> {
    registry: &'a Registry,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
}

/// Merge key. Selections with different keys are never equal.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Field(Name),
    Spread(Name),
    Inline(Option<Name>),
}

impl<'a> Merge<'a> {
    fn in_operation(&self, operation: &mut OperationDefinition) {
        let root = root_type(self.registry, operation.ty);
        self.in_set(root, &mut operation.selection_set.node);
    }

    /// `parent` is the type that the set selects from; `None` for introspection types, which the registry does not
    /// contain.
    fn in_set(&self, parent: Option<&'a MetaType>, set: &mut SelectionSet) {
        let mut places: HashMap<Key, Vec<usize>> = HashMap::new();
        let mut kept: Vec<Positioned<Selection>> = Vec::with_capacity(set.items.len());
        let mut waiting = std::mem::take(&mut set.items);
        waiting.reverse();
        while let Some(Positioned { pos, node }) = waiting.pop() {
            let node = match self.in_place(node) {
                Selection::InlineFragment(inline) if self.always_applies(&inline.node, parent) => {
                    waiting.extend(inline.node.selection_set.node.items.into_iter().rev());
                    continue;
                }
                node => node,
            };
            let places = places.entry(key(&node)).or_default();
            if !places.iter().any(|place| join(&mut kept[*place].node, &node)) {
                places.push(kept.len());
                kept.push(Positioned::new(node, pos));
            }
        }
        for selection in &mut kept {
            match &mut selection.node {
                Selection::Field(field) => {
                    let known = parent.and_then(|parent| parent.field_by_name(&field.node.name.node));
                    let below = known.and_then(|field| field_type(self.registry, field));
                    self.in_set(below, &mut field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |condition| self.type_of(&condition.node.on.node));
                    self.in_set(parent, &mut inline.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        set.items = kept;
    }

    fn type_of(&self, name: &str) -> Option<&'a MetaType> {
        self.registry.types.get(name)
    }

    /// Replaces a spread by its fragment. An undefined fragment is left for validation.
    fn in_place(&self, selection: Selection) -> Selection {
        let Selection::FragmentSpread(spread) = selection else {
            return selection;
        };
        match self.fragments.get(&spread.node.fragment_name.node) {
            Some(fragment) => Selection::InlineFragment(Positioned::new(
                InlineFragment {
                    type_condition: Some(fragment.node.type_condition.clone()),
                    directives: spread.node.directives,
                    selection_set: fragment.node.selection_set.clone(),
                },
                spread.pos,
            )),
            None => Selection::FragmentSpread(spread),
        }
    }

    /// Returns true if a fragment applies to every object that the enclosing set selects from.
    fn always_applies(&self, fragment: &InlineFragment, parent: Option<&MetaType>) -> bool {
        let applies_to_parent = match &fragment.type_condition {
            None => true,
            Some(condition) => parent.is_some_and(|parent| {
                let name = condition.node.on.node.as_str();
                let is_object = matches!(parent, MetaType::Object { .. });
                parent.name() == name
                    || (is_object && self.type_of(name).is_some_and(|on| on.is_possible_type(parent.name())))
            }),
        };
        applies_to_parent && fragment.directives.is_empty()
    }
}

fn key(selection: &Selection) -> Key {
    match selection {
        Selection::Field(field) => Key::Field(field.node.response_key().node.clone()),
        Selection::FragmentSpread(spread) => Key::Spread(spread.node.fragment_name.node.clone()),
        Selection::InlineFragment(inline) => Key::Inline(
            inline
                .node
                .type_condition
                .as_ref()
                .map(|condition| condition.node.on.node.clone()),
        ),
    }
}

/// Merges the selections of the second into the first if both are otherwise equal. Returns true if merged.
fn join(first: &mut Selection, second: &Selection) -> bool {
    if !first.directives().is_empty() || !second.directives().is_empty() {
        return false;
    }
    match (first, second) {
        (Selection::Field(first), Selection::Field(second)) => join_fields(&mut first.node, &second.node),
        (Selection::InlineFragment(first), Selection::InlineFragment(second)) => {
            let InlineFragment { selection_set, .. } = &second.node;
            first
                .node
                .selection_set
                .node
                .items
                .extend(selection_set.node.items.iter().cloned());
            true
        }
        // The fragment is already included.
        (
            Selection::FragmentSpread(_),
            Selection::FragmentSpread(Positioned {
                node: FragmentSpread { .. },
                ..
            }),
        ) => true,
        _ => false,
    }
}

fn join_fields(first: &mut Field, second: &Field) -> bool {
    let equal_arguments = equal_arguments(first, second);
    let (below, more) = (&mut first.selection_set.node.items, &second.selection_set.node.items);
    // A field with a selection set conflicts with one without.
    if first.name.node != second.name.node || !equal_arguments || below.is_empty() != more.is_empty() {
        return false;
    }
    below.extend(more.iter().cloned());
    true
}

/// Returns true if two fields have the same arguments, in any order.
pub fn equal_arguments(first: &Field, second: &Field) -> bool {
    let has_equal = |(name, value): &(Positioned<Name>, Positioned<Value>)| {
        let other = second.get_argument(&name.node);
        other.is_some_and(|other| other.node == value.node)
    };
    first.arguments.len() == second.arguments.len() && first.arguments.iter().all(has_equal)
}

#[cfg(test)]
mod tests;
