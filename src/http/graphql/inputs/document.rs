//! Checks of all literals and variables of a document.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::registry::{MetaField, MetaType, Registry};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use super::MAX_ERRORS;
use super::literals::{Literals, Place};
use super::positions::Usages;
use crate::http::graphql::types::{field_type, root_type};

/// Checks the literals of a document and the positions of its variables, each fragment once. Recursion is bounded by
/// the nesting of brackets in the text.
///
/// # Errors
/// At most [`MAX_ERRORS`] errors, each with its location.
pub fn check(registry: &Registry, document: &ExecutableDocument) -> Result<(), Vec<ServerError>> {
    let mut walk = Walk {
        literals: Literals {
            registry,
            usages: Usages::default(),
        },
        errors: Vec::new(),
    };
    let mut fragments = HashMap::new();
    for (name, fragment) in &document.fragments {
        let on = &fragment.node.type_condition.node.on.node;
        walk.directives(&fragment.node.directives);
        walk.selection_set(Parent::named(registry, on), &fragment.node.selection_set.node);
        fragments.insert(name.as_str(), std::mem::take(&mut walk.literals.usages));
    }
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        for definition in &operation.variable_definitions {
            walk.directives(&definition.node.directives);
            if let Some(default) = &definition.node.default_value {
                let declared = definition.node.var_type.node.to_string();
                if let Err(wrong) = walk.literals.check_default(&declared, &default.node) {
                    let name = format!("The default value of \"${}", definition.node.name.node);
                    walk.report(wrong.about(&name, "\""), definition.pos);
                }
            }
        }
        walk.directives(&operation.directives);
        let parent = root_type(registry, operation.ty).map_or(Parent::Unknown, Parent::Type);
        walk.selection_set(parent, &operation.selection_set.node);
        let usages = std::mem::take(&mut walk.literals.usages);
        usages.check(&operation.variable_definitions, &fragments, &mut walk.errors);
    }
    if walk.errors.is_empty() {
        Ok(())
    } else {
        walk.errors.truncate(MAX_ERRORS);
        Err(walk.errors)
    }
}

/// The type that a selection set selects from.
#[derive(Clone, Copy)]
enum Parent<'types> {
    Type(&'types MetaType),
    /// An introspection type, which the registry does not contain.
    Introspection,
    /// Not a type of the schema; another rule reports that.
    Unknown,
}

impl<'types> Parent<'types> {
    fn named(registry: &'types Registry, name: &str) -> Self {
        registry.types.get(name).map_or(Self::Unknown, Self::Type)
    }

    fn field(self, name: &str) -> Option<&'types MetaField> {
        match self {
            Self::Type(parent) => parent.field_by_name(name),
            Self::Introspection | Self::Unknown => None,
        }
    }
}

struct Walk<'document, 'types> {
    literals: Literals<'document, 'types>,
    errors: Vec<ServerError>,
}

impl<'document, 'types> Walk<'document, 'types> {
    fn report(&mut self, message: String, position: Pos) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(ServerError::new(message, Some(position)));
        }
    }

    fn argument(&mut self, place: Option<Place<'types>>, name: &Positioned<Name>, value: &'document Positioned<Value>) {
        let Some(place) = place else { return };
        if let Err(wrong) = self.literals.check(place, &value.node) {
            self.report(wrong.about(&format!("The argument \"{}", name.node), "\""), value.pos);
        }
    }

    /// Queries may only use the directives of the specification; another rule reports unknown ones.
    fn directives(&mut self, directives: &'document [Positioned<Directive>]) {
        for directive in directives {
            let is_conditional = matches!(directive.node.name.node.as_str(), "skip" | "include");
            for (name, value) in &directive.node.arguments {
                let is_condition = is_conditional && name.node == "if";
                self.argument(is_condition.then(|| Place::typed("Boolean!", value.pos)), name, value);
            }
        }
    }

    fn selection_set(&mut self, parent: Parent<'types>, set: &'document SelectionSet) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let name = field.name.node.as_str();
                    let known = parent.field(name);
                    for (argument, value) in &field.arguments {
                        let place = match known {
                            Some(known) => known
                                .args
                                .get(argument.node.as_str())
                                .map(|found| Place::of(found, value.pos)),
                            None => introspection_argument(name, &argument.node, value.pos),
                        };
                        self.argument(place, argument, value);
                    }
                    let below = match known {
                        Some(known) => field_type(self.literals.registry, known).map_or(Parent::Unknown, Parent::Type),
                        None if matches!(name, "__schema" | "__type") => Parent::Introspection,
                        None if matches!(parent, Parent::Introspection) => Parent::Introspection,
                        None => Parent::Unknown,
                    };
                    self.selection_set(below, &field.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    let parent = match &inline.node.type_condition {
                        Some(condition) => match Parent::named(self.literals.registry, &condition.node.on.node) {
                            // A type condition on an introspection type.
                            Parent::Unknown => parent,
                            known => known,
                        },
                        None => parent,
                    };
                    self.selection_set(parent, &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    self.literals.usages.spreads.push(name);
                }
            }
        }
    }
}

/// Arguments of introspection fields, which the registry does not contain.
fn introspection_argument(field: &str, argument: &str, position: Pos) -> Option<Place<'static>> {
    match (field, argument) {
        ("__type", "name") => Some(Place::typed("String!", position)),
        ("fields" | "args" | "enumValues" | "inputFields", "includeDeprecated") => Some(Place {
            has_default: true,
            ..Place::typed("Boolean", position)
        }),
        _ => None,
    }
}
