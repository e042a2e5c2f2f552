//! Objects and lists of flat objects, written as JSON in one pass over their selections.
//!
//! async-graphql creates a future per field and a map per object, which for a list of 20 rows costs more than reading
//! the rows. Documents for execution have their fragments expanded and their conditions decided, so the selections of
//! such an object are fields only. Any other selection, and a field that needs a resolver, is left to the derived type.
//! The schema is that of the derived type.

mod json;

use std::borrow::Cow;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use futures_util::FutureExt;

pub(super) use json::Json;

/// An object whose fields can be written without resolvers.
pub(super) trait FlatObject: Clone + Send + Sync {
    /// Derived type of the object.
    type Derived: OutputType + From<Self>;

    /// Writes the value of a field; returns `None` if only the derived type can resolve it.
    fn write(&self, field: &Field, json: &mut Json) -> Option<()>;

    /// Returns the number of rows in the object, for the size of the text.
    fn rows(&self) -> usize {
        1
    }
}

/// A flat object as the value of a field.
pub(super) struct Flat<Object>(pub Object);

/// Flat objects as the value of a field.
pub(super) struct FlatList<Object>(pub Vec<Object>);

impl<Object: FlatObject> OutputType for Flat<Object> {
    fn type_name() -> Cow<'static, str> {
        Object::Derived::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Object::Derived::create_type_info(registry)
    }

    async fn resolve(&self, context: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let set = &context.item.node;
        match written(set, self.0.rows(), |json| object(&self.0, set, json)) {
            Some(value) => Ok(value),
            None => {
                let derived = Object::Derived::from(self.0.clone());
                // Boxed, because this future is a part of that of each field.
                derived.resolve(context, field).boxed().await
            }
        }
    }
}

impl<Object: FlatObject> OutputType for FlatList<Object> {
    fn type_name() -> Cow<'static, str> {
        Vec::<Object::Derived>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<Object::Derived>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<Object::Derived>::create_type_info(registry)
    }

    async fn resolve(&self, context: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let set = &context.item.node;
        match written(set, self.0.len(), |json| {
            json.list(&self.0, |json, row| object(row, set, json))
        }) {
            Some(value) => Ok(value),
            None => {
                let derived: Vec<Object::Derived> = self.0.iter().cloned().map(Into::into).collect();
                derived.resolve(context, field).boxed().await
            }
        }
    }
}

/// Writes an object; `None` if only the derived type can resolve it. The selections must be plain.
pub(super) fn object<Object: FlatObject>(object: &Object, set: &SelectionSet, json: &mut Json) -> Option<()> {
    json.buffer().push('{');
    for selection in &set.items {
        let field = plain_field(&selection.node)?;
        json.key(&field.response_key().node);
        match field.name.node.as_str() {
            "__typename" => json.text(&Object::Derived::type_name()),
            _ => object.write(field, json)?,
        }
    }
    json.buffer().push('}');
    Some(())
}

/// Returns true if all selections are fields without directives, each with a key of its own.
fn are_plain(set: &SelectionSet) -> bool {
    set.items.iter().enumerate().all(|(place, selection)| {
        plain_field(&selection.node).is_some_and(|field| {
            let key = &field.response_key().node;
            let mut others = set.items[..place].iter().filter_map(|other| plain_field(&other.node));
            others.all(|other| other.response_key().node != *key) && are_plain(&field.selection_set.node)
        })
    })
}

fn plain_field(selection: &Selection) -> Option<&Field> {
    match selection {
        Selection::Field(field) if field.node.directives.is_empty() => Some(&field.node),
        _ => None,
    }
}

/// Returns the value of a field as JSON, if all its selections are plain.
fn written(set: &SelectionSet, rows: usize, write: impl FnOnce(&mut Json) -> Option<()>) -> Option<Value> {
    if !are_plain(set) {
        return None;
    }
    let mut json = Json::for_rows(rows);
    write(&mut json)?;
    Some(json.into_value())
}
