//! Checks of input values against the types of a schema, before execution.
//!
//! async-graphql 8.0.0-rc.5 accepts null or a missing value for a non-null variable, a string in place of an enum
//! value, and a variable of another type if its value happens to fit. It parses scalars such as `Date` only when it
//! calls a resolver, whose failure then discards the whole reply. The rules of the specification are therefore checked
//! here:
//!
//! - [`InputTypes::check_variables`]: the values sent with a request against the types declared by the operation;
//! - [`InputTypes::check_document`]: the literals of a document and the positions of variables. Independent of the
//!   values, so a document that passed once is not checked again.

mod document;
mod literals;
mod positions;
#[cfg(test)]
mod tests;
mod values;
mod wrong;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition};
use async_graphql::registry::Registry;
use async_graphql::{ID, InputType, ObjectType, ServerError, SubscriptionType, Variables};

/// Types of a schema, for input checks.
pub struct InputTypes {
    registry: Registry,
}

impl InputTypes {
    pub fn of<Query: ObjectType, Mutation: ObjectType, Subscription: SubscriptionType>() -> Self {
        let mut registry = Registry::default();
        Query::create_type_info(&mut registry);
        registry.query_type = Query::type_name().into_owned();
        if !Mutation::is_empty() {
            Mutation::create_type_info(&mut registry);
            registry.mutation_type = Some(Mutation::type_name().into_owned());
        }
        if !Subscription::is_empty() {
            Subscription::create_type_info(&mut registry);
            registry.subscription_type = Some(Subscription::type_name().into_owned());
        }
        bool::create_type_info(&mut registry);
        i32::create_type_info(&mut registry);
        f64::create_type_info(&mut registry);
        String::create_type_info(&mut registry);
        ID::create_type_info(&mut registry);
        Self { registry }
    }

    /// Returns the types by name.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Checks the values of the variables of an operation.
    ///
    /// # Errors
    /// The variable that is wrong, the position within it, and the expected type.
    pub fn check_variables(&self, operation: &OperationDefinition, variables: &Variables) -> Result<(), String> {
        for definition in &operation.variable_definitions {
            let name = &definition.node.name.node;
            let declared = &definition.node.var_type.node;
            match variables.get(name) {
                Some(value) => values::check_declared(&self.registry, declared, value)
                    .map_err(|wrong| wrong.about(&format!("Variable \"${name}"), "\""))?,
                None if declared.nullable || definition.node.default_value.is_some() => {}
                None => {
                    return Err(format!(
                        "Variable \"${name}\" of type \"{declared}\" is required but was not sent."
                    ));
                }
            }
        }
        Ok(())
    }

    /// Checks the literals of a document and the positions of its variables. Unknown fields and types are left to the
    /// other validation rules.
    ///
    /// # Errors
    /// At most [`MAX_ERRORS`] errors, each with its location.
    pub fn check_document(&self, document: &ExecutableDocument) -> Result<(), Vec<ServerError>> {
        document::check(&self.registry, document)
    }
}

/// Maximum number of errors that a check reports.
const MAX_ERRORS: usize = 10;
