//! Types of a schema, by operation and by field.

use async_graphql::parser::types::OperationType;
use async_graphql::registry::{MetaField, MetaType, MetaTypeName, Registry};

/// Returns the type that an operation selects from; `None` if the schema has no such operations.
pub fn root_type(registry: &Registry, operation: OperationType) -> Option<&MetaType> {
    let name = match operation {
        OperationType::Query => Some(registry.query_type.as_str()),
        OperationType::Mutation => registry.mutation_type.as_deref(),
        OperationType::Subscription => registry.subscription_type.as_deref(),
    };
    registry.types.get(name?)
}

/// Returns the type that the selection set of a field selects from, without list and non-null wrappers.
pub fn field_type<'a>(registry: &'a Registry, field: &MetaField) -> Option<&'a MetaType> {
    registry.types.get(MetaTypeName::concrete_typename(&field.ty))
}
