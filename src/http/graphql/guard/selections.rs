//! What a parsed document comes to once its fragments are put in place, found in time linear in its text: each fragment
//! is weighed once and remembered.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};

use super::{MAX_SELECTION_DEPTH, Refused};

/// The size of a selection set with its fragments put in place. Sums saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    selections: usize,
    aliases: usize,
    /// Fields of the set itself.
    fields: usize,
    /// Levels of selection sets below the set itself.
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

    /// The set of a fragment, whose fields stand in this set.
    fn add_fragment(&mut self, fragment: Self) {
        self.add_below(fragment);
        self.fields = self.fields.saturating_add(fragment.fields);
    }
}

/// What a document comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub selections: usize,
    pub aliases: usize,
    /// Fields at the root of the largest operation that is no mutation.
    pub root_fields: usize,
    /// The same of the largest mutation.
    pub root_mutations: usize,
}

/// Weighs all operations together, and every fragment that none of them used: validation walks those too.
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
    /// On the way down through this fragment: meeting it again is a cycle.
    UnderWay,
    Done(Weight),
}

impl<'document> Scale<'document> {
    /// `level` bounds the recursion, here and in whatever walks the document later.
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

/// Directives in the text of the document: on operations, variables, fragments and selections of any kind. The library's
/// own limit looks at fields alone. The recursion is bounded by the nesting of brackets in the text.
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
