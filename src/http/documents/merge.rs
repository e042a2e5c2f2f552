//! Equal selections of one set, put together.
//!
//! async-graphql resolves a field again for each time that it is written, even under the same name and with the same
//! arguments. By the specification these are one field, so they are made one before anything is executed. Only what is equal
//! in every respect is merged: validation still sees every conflict.

use std::collections::{HashMap, VecDeque};

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentSpread, InlineFragment, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

/// Merges equal selections everywhere in a document.
pub(super) fn merge_equal(document: &mut ExecutableDocument) {
    match &mut document.operations {
        async_graphql::parser::types::DocumentOperations::Single(operation) => {
            in_set(&mut operation.node.selection_set.node);
        }
        async_graphql::parser::types::DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                in_set(&mut operation.node.selection_set.node);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        in_set(&mut fragment.node.selection_set.node);
    }
}

/// By what selections are told apart before they are compared.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Field(Name),
    Spread(Name),
    Inline(Option<Name>),
}

fn in_set(set: &mut SelectionSet) {
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut kept: Vec<Positioned<Selection>> = Vec::with_capacity(set.items.len());
    let mut waiting: VecDeque<_> = std::mem::take(&mut set.items).into();
    while let Some(selection) = waiting.pop_front() {
        // A fragment without condition and directives selects what stands in it.
        let selection = match selection.node {
            Selection::InlineFragment(inline)
                if inline.node.type_condition.is_none() && inline.node.directives.is_empty() =>
            {
                for inner in inline.node.selection_set.node.items.into_iter().rev() {
                    waiting.push_front(inner);
                }
                continue;
            }
            node => Positioned::new(node, selection.pos),
        };
        let place = *places.entry(key(&selection.node)).or_insert(kept.len());
        match kept.get_mut(place).map(|first| join(&mut first.node, &selection.node)) {
            Some(true) => {}
            Some(false) | None => kept.push(selection),
        }
    }
    for selection in &mut kept {
        match &mut selection.node {
            Selection::Field(field) => in_set(&mut field.node.selection_set.node),
            Selection::InlineFragment(inline) => in_set(&mut inline.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
    set.items = kept;
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

/// Adds what the second selects to the first, if they are equal otherwise; says whether it did.
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
        // The same fragment once more adds nothing.
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
    let arguments = first.arguments.iter().zip(&second.arguments);
    let equal_arguments = first.arguments.len() == second.arguments.len()
        && arguments
            .into_iter()
            .all(|(one, other)| one.0.node == other.0.node && one.1.node == other.1.node);
    let (below, more) = (&mut first.selection_set.node.items, &second.selection_set.node.items);
    // A field with a selection set and one without are in conflict.
    if first.name.node != second.name.node || !equal_arguments || below.is_empty() != more.is_empty() {
        return false;
    }
    below.extend(more.iter().cloned());
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    /// The names in a document, in their order.
    fn merged(text: &str) -> String {
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
                        *text += "...{";
                        write(&inline.node.selection_set.node, text);
                        *text += "}";
                    }
                }
                *text += " ";
            }
        }
        let mut document = parse_query(text).unwrap();
        merge_equal(&mut document);
        let mut text = String::new();
        for (_, operation) in document.operations.iter() {
            write(&operation.node.selection_set.node, &mut text);
        }
        text.replace(" }", "}").trim_end().to_owned()
    }

    #[test]
    fn equal_fields_are_one() {
        assert_eq!(merged("{ a a a }"), "a");
        assert_eq!(
            merged("{ a { b } a { b x } d a { c { e } } a { c { f } } }"),
            "a{b x c{e f}} d"
        );
        assert_eq!(merged("{ x: a(n: 1, m: [$v]) x: a(n: 1, m: [$v]) }"), "x");
        assert_eq!(merged("{ ...F ...F } fragment F on Q { a }"), "...F");
        assert_eq!(
            merged("{ ... on Q { a } ... on Q { a b } ... { c } ... { c } }"),
            "...{a b} c"
        );
    }

    #[test]
    fn what_differs_in_anything_stays() {
        for text in [
            "{ a b }",
            "{ a x: a }",
            "{ a(n: 1) a(n: 2) }",
            "{ a(n: 1) a }",
            "{ a(n: $v) a(n: $w) }",
            "{ a a @skip(if: $v) }",
            "{ a @include(if: $v) a @include(if: $w) }",
            "{ x: a x: b }",
            "{ a a { b } }",
            "{ ...F ...F @skip(if: $v) } fragment F on Q { a }",
            "{ ... on Q { a } ... on R { a } }",
        ] {
            let count = |text: &str| text.matches([' ']).count();
            assert_eq!(count(&merged(text)), 1, "{text} became {}", merged(text));
        }
    }
}
