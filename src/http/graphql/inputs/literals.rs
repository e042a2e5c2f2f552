//! Checks of literals, which may contain variables, against types.

use async_graphql::Pos;
use async_graphql::registry::{MetaInputValue, MetaType, MetaTypeName, Registry};
use async_graphql_value::{ConstValue, Value};

use super::positions::{Usage, Usages};
use super::values::{check_may_be_absent, check_scalar_value, exactly_one_field, no_such_name, unknown_field};
use super::wrong::{Wrong, at_each};

/// Checks literals and records the positions of variables.
pub struct Literals<'document, 'types> {
    pub registry: &'types Registry,
    pub usages: Usages<'document, 'types>,
}

/// Position of a literal.
#[derive(Clone, Copy)]
pub struct Place<'types> {
    /// The expected type, as written in the registry.
    pub type_name: &'types str,
    /// True if the position has a default value, which permits a nullable variable at a non-null position.
    pub has_default: bool,
    /// The enclosing input object, if it takes exactly one field (`@oneOf`).
    pub one_of: Option<&'types str>,
    /// Position of the whole argument in the text.
    pub position: Pos,
}

impl<'types> Place<'types> {
    /// Returns the position of an argument.
    pub fn of(argument: &'types MetaInputValue, position: Pos) -> Self {
        Self {
            has_default: argument.default_value.is_some(),
            ..Self::typed(&argument.ty, position)
        }
    }

    /// Returns a position that has only a type.
    pub fn typed(type_name: &'types str, position: Pos) -> Self {
        Self {
            type_name,
            has_default: false,
            one_of: None,
            position,
        }
    }

    /// Returns the position with another type: that of the items of a list, or the type without its `!`.
    fn with(self, type_name: &'types str) -> Self {
        Self { type_name, ..self }
    }

    fn item(self, type_name: &'types str) -> Self {
        Self::typed(type_name, self.position)
    }
}

impl<'document, 'types> Literals<'document, 'types> {
    /// Checks a literal, including the items of its lists and the fields of its objects.
    ///
    /// # Errors
    /// The first error in it.
    pub fn check(&mut self, place: Place<'types>, value: &'document Value) -> Result<(), Wrong> {
        if let Value::Variable(name) = value {
            self.usages.push(Usage {
                name,
                type_name: place.type_name,
                has_default: place.has_default,
                one_of: place.one_of,
                position: place.position,
            });
            return Ok(());
        }
        match (MetaTypeName::create(place.type_name), value) {
            (MetaTypeName::NonNull(_), Value::Null) => Err(Wrong::type_expected(place.type_name)),
            (MetaTypeName::NonNull(inner), value) => self.check(place.with(inner), value),
            (_, Value::Null) => Ok(()),
            (MetaTypeName::List(inner), Value::List(items)) => {
                at_each(items, |item| self.check(place.item(inner), item))
            }
            // A single value is coerced to a list.
            (MetaTypeName::List(inner), single) => self.check(place.item(inner), single),
            (MetaTypeName::Named(name), value) => self.check_named(name, place.position, value),
        }
    }

    /// Unknown types, and types that are not input types, are left to the other rules.
    fn check_named(&mut self, name: &'types str, position: Pos, value: &'document Value) -> Result<(), Wrong> {
        let registry = self.registry;
        match registry.types.get(name) {
            Some(scalar @ MetaType::Scalar { .. }) => match value.clone().into_const() {
                Some(value) => check_scalar_value(scalar, name, &value),
                // A list or object with variables in it, which none of our scalars accepts.
                None => Err(Wrong::type_expected(name)),
            },
            Some(MetaType::Enum { enum_values, .. }) => match value {
                Value::Enum(text) if enum_values.contains_key(text.as_str()) => Ok(()),
                Value::Enum(text) => Err(no_such_name(name, text, enum_values.values())),
                Value::String(text) if enum_values.contains_key(text.as_str()) => Err(Wrong::new(format!(
                    "\"{name}\" is not a string: write {text} without quotes"
                ))),
                _ => Err(Wrong::new(format!(
                    "expected a value of the enum \"{name}\", without quotes"
                ))),
            },
            Some(MetaType::InputObject {
                input_fields, oneof, ..
            }) => {
                let Value::Object(fields) = value else {
                    return Err(Wrong::type_expected(name));
                };
                if *oneof && (fields.len() != 1 || fields.values().any(|value| *value == Value::Null)) {
                    return Err(exactly_one_field(name));
                }
                if let Some(unknown) = fields.keys().find(|field| !input_fields.contains_key(field.as_str())) {
                    return Err(unknown_field(name, unknown));
                }
                for field in input_fields.values() {
                    let place = Place {
                        one_of: oneof.then_some(name),
                        ..Place::of(field, position)
                    };
                    match fields.get(field.name.as_str()) {
                        Some(value) => self
                            .check(place, value)
                            .map_err(|wrong| wrong.inside(&format!(".{}", field.name)))?,
                        None => check_may_be_absent(name, field)?,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Checks the default value of a variable, which contains no variables.
    ///
    /// # Errors
    /// The first error in it.
    pub fn check_default(&mut self, type_name: &str, value: &ConstValue) -> Result<(), Wrong> {
        let mut literals = Literals {
            registry: self.registry,
            usages: Usages::default(),
        };
        literals.check(Place::typed(type_name, Pos::default()), &value.clone().into_value())
    }
}
