//! Estimated memory use of a parsed document.

use std::mem::size_of;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, Selection, SelectionSet, VariableDefinition,
};
use async_graphql_value::Value;

/// Bytes of a name or short text on the heap: content, two counters, and allocator overhead.
const TEXT: usize = 48;
/// Growth factor: the capacity of a vector may be twice its length.
const GROWTH: usize = 2;

/// Returns an upper estimate of the memory used by a document, in bytes.
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
