//! The rule "All Variable Usages Are Allowed" of the specification.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{BaseType, Type, VariableDefinition};
use async_graphql::registry::MetaTypeName;
use async_graphql::{Pos, Positioned, ServerError};

use super::MAX_ERRORS;

/// Usage of a variable.
pub struct Usage<'document, 'types> {
    pub name: &'document str,
    /// The expected type, as written in the registry.
    pub type_name: &'types str,
    pub has_default: bool,
    /// The enclosing input object, if it takes exactly one field (`@oneOf`).
    pub one_of: Option<&'types str>,
    pub position: Pos,
}

/// Variables and fragments used in an operation or a fragment.
#[derive(Default)]
pub struct Usages<'document, 'types> {
    variables: Vec<Usage<'document, 'types>>,
    pub spreads: Vec<&'document str>,
}

impl<'document, 'types> Usages<'document, 'types> {
    pub fn push(&mut self, usage: Usage<'document, 'types>) {
        self.variables.push(usage);
    }

    /// Checks the variables of an operation, and of the fragments it reaches, against its definitions. Undefined
    /// variables are left to another rule.
    pub fn check(
        &self,
        definitions: &[Positioned<VariableDefinition>],
        fragments: &HashMap<&'document str, Self>,
        errors: &mut Vec<ServerError>,
    ) {
        let definitions: HashMap<&str, &VariableDefinition> = definitions
            .iter()
            .map(|definition| (definition.node.name.node.as_str(), &definition.node))
            .collect();
        let (mut waiting, mut reached) = (vec![self], HashSet::new());
        while let Some(usages) = waiting.pop() {
            for usage in &usages.variables {
                if errors.len() >= MAX_ERRORS {
                    return;
                }
                let wrong = definitions
                    .get(usage.name)
                    .and_then(|definition| usage.problem(definition));
                errors.extend(wrong.map(|wrong| ServerError::new(wrong, Some(usage.position))));
            }
            let spreads = usages.spreads.iter().filter(|name| reached.insert(**name));
            waiting.extend(spreads.filter_map(|name| fragments.get(name)));
        }
    }
}

impl Usage<'_, '_> {
    fn problem(&self, definition: &VariableDefinition) -> Option<String> {
        let variable = &definition.var_type.node;
        if let Some(one_of) = self.one_of
            && variable.nullable
        {
            return Some(format!(
                "Variable \"${}\" of type \"{variable}\" must be non-null to stand in \"{one_of}\", which takes exactly one \
                 field.",
                self.name
            ));
        }
        let has_default = self.has_default
            || definition
                .default_value
                .as_ref()
                .is_some_and(|default| default.node != async_graphql::Value::Null);
        let allowed = match MetaTypeName::create(self.type_name) {
            // The default replaces a null or missing value.
            MetaTypeName::NonNull(inner) if variable.nullable && has_default => is_compatible(variable, inner),
            _ => is_compatible(variable, self.type_name),
        };
        (!allowed).then(|| {
            format!(
                "Variable \"${}\" of type \"{variable}\" cannot stand where \"{}\" is expected.",
                self.name, self.type_name
            )
        })
    }
}

/// Returns true if every value of a variable's type is a value of the expected type.
fn is_compatible(variable: &Type, expected: &str) -> bool {
    match (MetaTypeName::create(expected), &variable.base) {
        (MetaTypeName::NonNull(inner), _) => !variable.nullable && is_compatible(variable, inner),
        (MetaTypeName::List(inner), BaseType::List(item)) => is_compatible(item, inner),
        (MetaTypeName::Named(name), BaseType::Named(variable)) => name == variable.as_str(),
        _ => false,
    }
}
