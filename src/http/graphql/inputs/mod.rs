//! Values of inputs, checked against the types of a schema before anything is executed.
//!
//! async-graphql 8.0.0-rc.5 takes null, or nothing at all, for a non-null variable; it accepts a string where an enum stands,
//! lets a variable of another type through where its value happens to fit, and reads the text of scalars such as `Date` only
//! when it calls a resolver, whose failure then blanks the whole reply. So the rules of the specification are checked here:
//!
//! - [`InputTypes::check_variables`]: the values that came with a request against the types that the operation declares;
//! - [`InputTypes::check_document`]: the literals of a document, and whether each variable may stand where it does. It does
//!   not depend on values, so a document that passed once is not checked again.

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

/// The types of a schema, by which inputs are checked.
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

    /// The types by name.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Checks the values of the variables of an operation.
    ///
    /// # Errors
    /// Which variable is wrong, where in it, and what is expected there.
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

    /// Checks the literals of a document and the positions of its variables. Fields and types that the schema does not
    /// know are left to the other rules of validation.
    ///
    /// # Errors
    /// What is wrong, at most [`MAX_ERRORS`] of it, each with its location.
    pub fn check_document(&self, document: &ExecutableDocument) -> Result<(), Vec<ServerError>> {
        document::check(&self.registry, document)
    }
}

/// The most errors that a check reports.
const MAX_ERRORS: usize = 10;
