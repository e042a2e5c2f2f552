//! Size of a parsed document with its fragments expanded, computed in linear time: each fragment is measured once.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};

use super::{MAX_SELECTION_DEPTH, Refused};

/// Size of a selection set with its fragments expanded. Sums saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    selections: usize,
    aliases: usize,
    /// Number of fields at the top level of the set.
    fields: usize,
    /// Number of nested levels below the set.
    height: usize,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
    }

    fn add_below(&mut self, child: Self) {
        self.add(child);
        self.height = self.height.max(child.height + 1);
    }

    /// Adds a fragment, whose fields become fields of this set.
    fn add_fragment(&mut self, fragment: Self) {
        self.add_below(fragment);
        self.fields = self.fields.saturating_add(fragment.fields);
    }
}

/// Size of a whole document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub selections: usize,
    pub aliases: usize,
    /// Number of root fields of the largest operation other than a mutation.
    pub root_fields: usize,
    /// Number of root fields of the largest mutation.
    pub root_mutations: usize,
}

/// Measures all operations together, and every unused fragment, because validation visits those too.
///
/// # Errors
/// [`Refused`] if a fragment contains itself, or selections nest too deep.
pub fn weigh(document: &ExecutableDocument) -> Result<Total, Refused> {
    let mut scale = Scale {
        document,
        fragments: HashMap::new(),
    };
    let (mut sum, mut root_fields, mut root_mutations) = (Weight::default(), 0, 0);
    for (_, operation) in document.operations.iter() {
        let weight = scale.selection_set(&operation.node.selection_set.node, 0)?;
        let at_root = match operation.node.ty {
            OperationType::Mutation => &mut root_mutations,
            OperationType::Query | OperationType::Subscription => &mut root_fields,
        };
        *at_root = weight.fields.max(*at_root);
        sum.add(weight);
    }
    for name in document.fragments.keys() {
        if !scale.fragments.contains_key(name.as_str()) {
            sum.add(scale.fragment(name.as_str(), 0)?);
        }
    }
    Ok(Total {
        selections: sum.selections,
        aliases: sum.aliases,
        root_fields,
        root_mutations,
    })
}

struct Scale<'document> {
    document: &'document ExecutableDocument,
    fragments: HashMap<&'document str, Weighing>,
}

#[derive(Clone, Copy)]
enum Weighing {
    /// Being measured: encountering the fragment again means a cycle.
    UnderWay,
    Done(Weight),
}

impl<'document> Scale<'document> {
    /// `level` bounds the recursion here and in later passes over the document.
    fn selection_set(&mut self, set: &'document SelectionSet, level: usize) -> Result<Weight, Refused> {
        if level > MAX_SELECTION_DEPTH {
            return Err(Refused::SelectionsTooDeep);
        }
        let mut weight = Weight::default();
        for selection in &set.items {
            weight.add(Weight {
                selections: 1,
                ..Weight::default()
            });
            match &selection.node {
                Selection::Field(field) => {
                    weight.aliases = weight.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                    weight.fields = weight.fields.saturating_add(1);
                    if !field.node.selection_set.node.items.is_empty() {
                        weight.add_below(self.selection_set(&field.node.selection_set.node, level + 1)?);
                    }
                }
                Selection::InlineFragment(inline) => {
                    weight.add_fragment(self.selection_set(&inline.node.selection_set.node, level + 1)?);
                }
                Selection::FragmentSpread(spread) => {
                    weight.add_fragment(self.fragment(spread.node.fragment_name.node.as_str(), level + 1)?);
                }
            }
        }
        Ok(weight)
    }

    fn fragment(&mut self, name: &'document str, level: usize) -> Result<Weight, Refused> {
        match self.fragments.get(name) {
            Some(Weighing::UnderWay) => return Err(Refused::FragmentCycle(name.to_owned())),
            Some(Weighing::Done(weight)) if level + weight.height > MAX_SELECTION_DEPTH => {
                return Err(Refused::SelectionsTooDeep);
            }
            Some(Weighing::Done(weight)) => return Ok(*weight),
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Weight::default());
        };
        self.fragments.insert(name, Weighing::UnderWay);
        let weight = self.selection_set(&fragment.node.selection_set.node, level)?;
        self.fragments.insert(name, Weighing::Done(weight));
        Ok(weight)
    }
}

/// Returns the number of directives in a document: on operations, variables, fragments and selections of any kind. The
/// library's own limit counts only those on fields. Recursion is bounded by the nesting of brackets in the text.
pub fn directives(document: &ExecutableDocument) -> usize {
    let operations = document.operations.iter().map(|(_, operation)| {
        let variables = operation
            .node
            .variable_definitions
            .iter()
            .map(|variable| variable.node.directives.len());
        operation.node.directives.len() + variables.sum::<usize>() + in_set(&operation.node.selection_set.node)
    });
    let fragments = document
        .fragments
        .values()
        .map(|fragment| fragment.node.directives.len() + in_set(&fragment.node.selection_set.node));
    operations.chain(fragments).sum()
}

fn in_set(set: &SelectionSet) -> usize {
    let selections = set.items.iter().map(|selection| {
        let below = match &selection.node {
            Selection::Field(field) => in_set(&field.node.selection_set.node),
            Selection::InlineFragment(inline) => in_set(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => 0,
        };
        selection.node.directives().len() + below
    });
    selections.sum()
}
