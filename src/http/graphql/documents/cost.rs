//! Estimated cost of an operation, computed once per document. [`admission`](crate::http::limits::admission) allots
//! places by it.
//!
//! The estimate is close to the complexity limited by the schema, but needs no execution. A variable page size counts
//! as the largest page.

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::registry::{MetaField, MetaType, MetaTypeName, Registry};
use async_graphql_value::Value;

use crate::graphql::{DEFAULT_PAGE, EXPECTED_ROWS, LARGEST_PAGE};
use crate::http::graphql::types::{field_type, root_type};

/// Cost of a root field besides its selections: a future, a loader and often a separate SQL statement.
const ROOT_FIELD: usize = 16;

/// Estimated cost of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Number of fields, multiplied by the expected rows of the lists that contain them.
    pub fields: usize,
    /// Number of root fields, with fragments expanded.
    pub root_fields: usize,
}

impl Cost {
    /// Estimates an operation of a document that passed the guard, which bounds recursion and selections.
    pub fn of(registry: &Registry, document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let root = root_type(registry, operation.ty);
        let estimate = Estimate { registry, document };
        let set = &operation.selection_set.node;
        let root_fields = estimate.fields_of(set);
        let fields = estimate.set(root, set, Within::Nothing);
        Self {
            fields: fields.saturating_add(root_fields * ROOT_FIELD),
            root_fields,
        }
    }
}

/// Position of a list. The rows of a page are already counted, so its list of nodes is not multiplied again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Page,
}

struct Estimate<'a> {
    registry: &'a Registry,
    document: &'a ExecutableDocument,
}

impl<'a> Estimate<'a> {
    fn fields_of(&self, set: &SelectionSet) -> usize {
        let fields = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(_) => 1,
            Selection::InlineFragment(inline) => self.fields_of(&inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(0, |fragment| self.fields_of(&fragment.node.selection_set.node))
            }
        });
        fields.sum()
    }

    fn set(&self, parent: Option<&'a MetaType>, set: &SelectionSet, within: Within) -> usize {
        let named = |name: &str| self.registry.types.get(name);
        let costs = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(field) => self.field(parent, &field.node, within),
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref();
                let parent = condition.map_or(parent, |condition| named(&condition.node.on.node));
                self.set(parent, &inline.node.selection_set.node, within)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(0, |fragment| {
                    let parent = named(&fragment.node.type_condition.node.on.node);
                    self.set(parent, &fragment.node.selection_set.node, within)
                })
            }
        });
        costs.fold(0, usize::saturating_add)
    }

    fn field(&self, parent: Option<&'a MetaType>, field: &Field, within: Within) -> usize {
        let known = parent.and_then(|parent| parent.field_by_name(&field.name.node));
        let page = known.and_then(|known| page_size(known, field));
        let is_list = known.is_some_and(|known| MetaTypeName::create(&known.ty).is_list());
        let (rows, within) = match (page, is_list, within) {
            (Some(rows), _, _) => (rows, Within::Page),
            (None, true, Within::Page) => (1, Within::Nothing),
            (None, true, Within::Nothing) => (EXPECTED_ROWS, Within::Nothing),
            (None, false, within) => (1, within),
        };
        let below = known.and_then(|known| field_type(self.registry, known));
        let selected = self.set(below, &field.selection_set.node, within);
        selected.saturating_mul(rows).saturating_add(1)
    }
}

/// Maximum page size that a literal can request, in the list with the largest pages.
const MAX_PAGE: u64 = 1_000;

/// Argument of fields that wait until there are rows.
const WAIT: &str = "waitSeconds";

/// Returns the number of rows requested by a field; `None` if the field is not paginated.
fn page_size(known: &MetaField, field: &Field) -> Option<usize> {
    if let Some(ids) = known.args.get("ids").and_then(|_| field.get_argument("ids")) {
        return Some(match &ids.node {
            Value::List(ids) => ids.len(),
            _ => LARGEST_PAGE,
        });
    }
    let first = known.args.get("first")?;
    // A field that waits for its rows has none for most of the time for which it holds its places.
    let waits = |argument: &Value| match argument {
        Value::Null => false,
        Value::Number(seconds) => seconds.as_u64() != Some(0),
        _ => true,
    };
    if known.args.contains_key(WAIT) && field.get_argument(WAIT).is_some_and(|argument| waits(&argument.node)) {
        return Some(1);
    }
    let default = first.default_value.as_ref().and_then(|default| default.parse().ok());
    let asked = field.get_argument("first").or_else(|| field.get_argument("last"));
    Some(match asked.map(|argument| &argument.node) {
        None | Some(Value::Null) => default.unwrap_or(DEFAULT_PAGE),
        Some(Value::Number(number)) => number.as_u64().map_or(LARGEST_PAGE, |rows| rows.min(MAX_PAGE) as usize),
        Some(_) => default.unwrap_or(DEFAULT_PAGE).max(LARGEST_PAGE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::graphql::inputs::InputTypes;
    use async_graphql::parser::parse_query;
    use async_graphql::{EmptyMutation, EmptySubscription, Object, SimpleObject};

    #[derive(SimpleObject)]
    struct Page {
        nodes: Vec<Row>,
    }

    #[derive(SimpleObject)]
    struct Row {
        id: i32,
    }

    struct Query;

    #[Object]
    impl Query {
        async fn one(&self) -> Row {
            Row { id: 1 }
        }

        async fn list(&self) -> Vec<Row> {
            Vec::new()
        }

        async fn page(&self, _first: Option<i32>, _last: Option<i32>) -> Page {
            Page { nodes: Vec::new() }
        }

        async fn large(&self, #[graphql(default = 500)] _first: i32) -> Vec<Row> {
            Vec::new()
        }

        async fn fresh(
            &self,
            #[graphql(default = 500)] _first: i32,
            #[graphql(default)] _wait_seconds: i32,
        ) -> Vec<Row> {
            Vec::new()
        }

        async fn by_id(&self, _ids: Vec<i32>) -> Vec<Row> {
            Vec::new()
        }
    }

    fn cost(text: &str) -> Cost {
        let types = InputTypes::of::<Query, EmptyMutation, EmptySubscription>();
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        Cost::of(types.registry(), &document, &operation.node)
    }

    #[test]
    fn the_cost_of_a_list_is_multiplied_by_its_rows() {
        for (text, fields) in [
            ("{ one { id } }", 2),
            ("{ list { id } }", 1 + EXPECTED_ROWS),
            ("{ page { nodes { id } } }", 1 + DEFAULT_PAGE * 2),
            ("{ page(first: 7) { nodes { id } } }", 1 + 7 * 2),
            ("{ page(last: 100000) { nodes { id } } }", 1 + MAX_PAGE as usize * 2),
            ("{ large { id } }", 1 + 500),
            ("{ large(first: 7) { id } }", 1 + 7),
            ("query ($n: Int) { large(first: $n) { id } }", 1 + 500),
            (
                "query ($n: Int) { page(first: $n) { nodes { id } } }",
                1 + LARGEST_PAGE * 2,
            ),
            ("{ byId(ids: [1, 2, 3]) { id } }", 1 + 3),
            ("{ fresh(first: 7) { id } }", 1 + 7),
            ("{ fresh(first: 7, waitSeconds: 0) { id } }", 1 + 7),
            ("{ fresh(first: 7, waitSeconds: 20) { id } }", 1 + 1),
            ("query ($n: Int!) { fresh(first: 7, waitSeconds: $n) { id } }", 1 + 1),
            (
                "{ ...F } fragment F on Query { ... on Query { page(first: 7) { ...P } } } fragment P on Page { nodes { id } }",
                15,
            ),
            ("{ nowhere { nothing } }", 2),
        ] {
            assert_eq!(
                cost(text),
                Cost {
                    fields: fields + ROOT_FIELD,
                    root_fields: 1
                },
                "{text}"
            );
        }
        assert_eq!(
            cost("{ a: one { id } ... { b: one { id } } ...F } fragment F on Query { c: one { id } }").root_fields,
            3
        );
    }
}
