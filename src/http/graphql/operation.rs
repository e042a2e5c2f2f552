//! Selection of the operation of a document, by the rules of the GraphQL specification.

use async_graphql::ServerError;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, Selection};

use super::errors::{code, request_error};

/// The selected operation, with its name if it has one.
pub struct Chosen<'document> {
    pub name: Option<&'document str>,
    pub definition: &'document OperationDefinition,
}

/// Rejects a subscription with several root fields, as the GraphQL specification does: each event answers one field.
/// Fragments must be expanded.
///
/// # Errors
/// An `errors` entry for such a subscription.
pub fn check_single_root(operation: &OperationDefinition) -> Result<(), ServerError> {
    let fields = &operation.selection_set.node.items;
    match &fields[..] {
        [only] if matches!(&only.node, Selection::Field(field) if !field.node.name.node.starts_with("__")) => Ok(()),
        _ => Err(request_error(
            code::VALIDATION_FAILED,
            "A subscription selects exactly one field. Subscribe to each field in a separate operation.",
        )),
    }
}

/// Counts the root fields of an operation, including those of its fragments, up to 100.
pub fn root_fields(document: &ExecutableDocument, operation: &OperationDefinition) -> u32 {
    const MAX_COUNTED: u32 = 100;
    let mut count = 0;
    // Each selection set is visited once per position. Spreads nest no deeper than the number of fragments, except in
    // cycles, which the limit ends.
    let mut selection_sets = vec![&operation.selection_set.node];
    let mut looked_at = 0;
    while let Some(selections) = selection_sets.pop() {
        looked_at += 1;
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(_) => count += 1,
                Selection::InlineFragment(fragment) => selection_sets.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = document.fragments.get(&spread.node.fragment_name.node);
                    selection_sets.extend(fragment.map(|fragment| &fragment.node.selection_set.node));
                }
            }
        }
        if count >= MAX_COUNTED || looked_at >= MAX_COUNTED {
            return MAX_COUNTED;
        }
    }
    count
}

/// Returns the operation with the given name, or the only one.
///
/// # Errors
/// An `errors` entry if the operation does not exist or is ambiguous.
pub fn choose<'document>(
    document: &'document ExecutableDocument,
    operation_name: Option<&str>,
) -> Result<Chosen<'document>, ServerError> {
    let unresolved = |message: String| request_error(code::OPERATION_RESOLUTION, message);
    match (&document.operations, operation_name) {
        (DocumentOperations::Single(only), None) => Ok(Chosen {
            name: None,
            definition: &only.node,
        }),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            let (name, only) = operations.iter().next().expect("its length is one");
            Ok(Chosen {
                name: Some(name),
                definition: &only.node,
            })
        }
        (DocumentOperations::Multiple(_), None) => Err(unresolved(
            "The document has several operations. Name one of them in operationName.".to_owned(),
        )),
        (DocumentOperations::Multiple(operations), Some(wanted)) => match operations.get_key_value(wanted) {
            Some((name, operation)) => Ok(Chosen {
                name: Some(name),
                definition: &operation.node,
            }),
            None => Err(unresolved(format!("The document has no operation named \"{wanted}\"."))),
        },
        (DocumentOperations::Single(_), Some(wanted)) => Err(unresolved(format!(
            "The document has no operation named \"{wanted}\", only one without a name."
        ))),
    }
}
