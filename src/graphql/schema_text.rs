//! SDL export of schemas.

use async_graphql::{ObjectType, SDLExportOptions, SchemaBuilder, SubscriptionType};

/// Returns a schema as SDL in a stable order, with a description of the whole schema.
pub(super) fn text<Query, Mutation, Subscription>(
    schema: SchemaBuilder<Query, Mutation, Subscription>,
    description: &str,
) -> String
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident()
        .indent_width(2);
    // The schema description cannot be set: introspection hard-codes another.
    let description = format!("\"\"\"\n{description}\n\"\"\"\nschema {{");
    schema
        .finish()
        .sdl_with_options(options)
        .replacen("schema {", &description, 1)
}
