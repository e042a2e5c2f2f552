//! Estimated memory use of a parsed document.

use std::mem::size_of;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, Selection, SelectionSet, VariableDefinition,
};
use async_graphql_value::Value;

/// Bytes of a short name on the heap: content, two counters, and allocator overhead.
const TEXT: usize = 48;
/// Growth factor: the capacity of a vector may be twice its length.
const GROWTH: usize = 2;

/// Returns an upper estimate of the memory used by a document with short names, in bytes.
pub fn bytes(document: &ExecutableDocument) -> usize {
    let operations = document.operations.iter().map(|(_, operation)| {
        let operation = &operation.node;
        let definitions = operation.variable_definitions.iter().map(|definition| {
            let default = definition.node.default_value.as_ref();
            GROWTH * size_of::<Positioned<VariableDefinition>>()
                + 2 * TEXT
                + directives(&definition.node.directives)
                + default.map_or(0, |default| value(&default.node.clone().into_value()))
        });
        size_of::<Positioned<OperationDefinition>>()
            + TEXT
            + definitions.sum::<usize>()
            + directives(&operation.directives)
            + set(&operation.selection_set.node)
    });
    let fragments = document.fragments.values().map(|fragment| {
        GROWTH * size_of::<Positioned<FragmentDefinition>>()
            + 2 * TEXT
            + directives(&fragment.node.directives)
            + set(&fragment.node.selection_set.node)
    });
    size_of::<ExecutableDocument>() + operations.sum::<usize>() + fragments.sum::<usize>()
}

fn set(selections: &SelectionSet) -> usize {
    let items = selections.items.iter().map(|selection| {
        let below = match &selection.node {
            Selection::Field(field) => {
                let arguments = field.node.arguments.iter();
                arguments
                    .map(|(_, argument)| argument_bytes(&argument.node))
                    .sum::<usize>()
                    + set(&field.node.selection_set.node)
            }
            Selection::InlineFragment(inline) => set(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => 0,
        };
        GROWTH * size_of::<Positioned<Selection>>() + 2 * TEXT + directives(selection.node.directives()) + below
    });
    items.sum()
}

fn argument_bytes(argument: &Value) -> usize {
    GROWTH * size_of::<(Positioned<Value>, Positioned<Value>)>() + TEXT + value(argument)
}

fn directives(directives: &[Positioned<Directive>]) -> usize {
    let each = directives.iter().map(|directive| {
        let arguments = directive.node.arguments.iter();
        GROWTH * size_of::<Positioned<Directive>>()
            + TEXT
            + arguments
                .map(|(_, argument)| argument_bytes(&argument.node))
                .sum::<usize>()
    });
    each.sum()
}

fn value(of: &Value) -> usize {
    let below: usize = match of {
        Value::String(text) => text.len() + TEXT,
        Value::Variable(name) | Value::Enum(name) => name.len() + TEXT,
        Value::List(items) => items.iter().map(|item| GROWTH * value(item)).sum(),
        Value::Object(fields) => fields.values().map(|field| GROWTH * (value(field) + 2 * TEXT)).sum(),
        _ => 0,
    };
    size_of::<Value>() + below
}

#[cfg(test)]
mod tests {
    use super::super::CheckedDocument;
    use crate::http::graphql::query_text::normalise;
    use async_graphql::parser::parse_query;

    /// Returns the weight of a document, and the bytes that it takes from the allocator together with its key.
    fn weighed(text: &str) -> (usize, usize) {
        let tokens = normalise(text).expect("it is within the limits");
        let mut kept = None;
        let taken = allocation_counter::measure(|| {
            let parsed = parse_query(&tokens).expect("a document");
            let document = CheckedDocument::new(parsed, &Default::default()).compact();
            kept = Some((Box::<str>::from(tokens.as_str()), document));
        });
        let (key, document) = kept.expect("it was measured");
        let taken = usize::try_from(taken.bytes_current).expect("nothing else is freed");
        (document.weight(&key), taken)
    }

    #[test]
    fn the_weight_is_at_least_what_the_allocator_gave_and_not_many_times_that() {
        let long = "x".repeat(900);
        for text in [
            "{ a }".to_owned(),
            format!("{{ {} }}", "a b c d ".repeat(40)),
            format!("{{ {} }}", (0..200).map(|n| format!("f{n} ")).collect::<String>()),
            format!("{{ {} }}", (0..8).map(|n| format!("{long}{n} ")).collect::<String>()),
            format!("{}a{}", "{ b ".repeat(12), "}".repeat(12)),
            format!("{{ {} }}", (0..50).map(|n| format!("a{n}: f(first: {n}, after: \"c{n}\") {{ id }} ")).collect::<String>()),
            format!("{{ f(text: \"{}\") }}", "y".repeat(5_000)),
            format!("{{ f(ids: [{}]) }}", "\"award_1\" ".repeat(100)),
            format!("{{ f(input: {{ {} }}) }}", (0..60).map(|n| format!("k{n}: {{ a: [1, 2, $v] }} ")).collect::<String>()),
            "query Q($a: Int = 5, $b: [ID!]! = [\"x\", \"y\"], $c: String) { f(a: $a, b: $b) @include(if: $c) { g @skip(if: true) } }".to_owned(),
            "query Q { ...F ...F me { ...G } } fragment F on Query { a ...H } fragment H on Query { b } fragment G on Me { c }".to_owned(),
            format!("mutation M {{ {} }}", (0..20).map(|n| format!("m{n}: f @a(b: 1) @c ")).collect::<String>()),
        ] {
            let (weight, taken) = weighed(&text);
            let shown = &text[..text.len().min(80)];
            assert!(weight >= taken, "{shown}: {weight} for {taken}");
            assert!(weight <= 5 * taken, "{shown}: {weight} for {taken}");
        }
    }
}
