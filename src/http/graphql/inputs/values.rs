//! Checks of values without variables against types.

use async_graphql::Value;
use async_graphql::parser::types::{BaseType, Type};
use async_graphql::registry::{MetaEnumValue, MetaInputValue, MetaType, MetaTypeName, Registry};

use super::wrong::{Wrong, at_each};
use crate::graphql::check_scalar;

/// Checks the value of a variable against the type declared by the operation.
///
/// # Errors
/// The first error in it.
pub fn check_declared(registry: &Registry, declared: &Type, value: &Value) -> Result<(), Wrong> {
    match (value, &declared.base) {
        (Value::Null, _) if declared.nullable => Ok(()),
        (Value::Null, _) => Err(Wrong::type_expected(&declared.to_string())),
        (Value::List(items), BaseType::List(item_type)) => {
            at_each(items, |item| check_declared(registry, item_type, item))
        }
        // A single value is coerced to a list.
        (single, BaseType::List(item_type)) => check_declared(registry, item_type, single),
        (value, BaseType::Named(name)) => check_named(registry, name, value),
    }
}

/// Checks a value against the type of an input field, which the registry stores as text.
fn check_written(registry: &Registry, type_name: &str, value: &Value) -> Result<(), Wrong> {
    match (MetaTypeName::create(type_name), value) {
        (MetaTypeName::NonNull(_), Value::Null) => Err(Wrong::type_expected(type_name)),
        (MetaTypeName::NonNull(inner), value) => check_written(registry, inner, value),
        (_, Value::Null) => Ok(()),
        (MetaTypeName::List(inner), Value::List(items)) => at_each(items, |item| check_written(registry, inner, item)),
        (MetaTypeName::List(inner), single) => check_written(registry, inner, single),
        (MetaTypeName::Named(name), value) => check_named(registry, name, value),
    }
}

/// Unknown types, and types that are not input types, are left to validation.
fn check_named(registry: &Registry, name: &str, value: &Value) -> Result<(), Wrong> {
    match registry.types.get(name) {
        Some(scalar @ MetaType::Scalar { .. }) => check_scalar_value(scalar, name, value),
        Some(MetaType::Enum { enum_values, .. }) => match value {
            Value::String(text) if enum_values.contains_key(text) => Ok(()),
            Value::String(text) => Err(no_such_name(name, text, enum_values.values())),
            _ => Err(Wrong::new(format!(
                "expected a value of the enum \"{name}\" as a string"
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
                match fields.get(field.name.as_str()) {
                    Some(value) => check_written(registry, &field.ty, value)
                        .map_err(|wrong| wrong.inside(&format!(".{}", field.name)))?,
                    None => check_may_be_absent(name, field)?,
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Checks a value against a scalar: its kind, and the text of scalars with their own syntax.
///
/// # Errors
/// The first error in it.
pub fn check_scalar_value(scalar: &MetaType, name: &str, value: &Value) -> Result<(), Wrong> {
    let MetaType::Scalar { is_valid, .. } = scalar else {
        return Ok(());
    };
    let valid = is_valid.as_ref().is_none_or(|is_valid| is_valid(value));
    if !valid || (name == "Int" && !fits_int(value)) {
        return Err(Wrong::type_expected(name));
    }
    check_scalar(name, value).map_err(Wrong::new)
}

/// The library's `Int` accepts 64 bits before it calls a resolver; GraphQL's `Int` has 32.
fn fits_int(value: &Value) -> bool {
    matches!(value, Value::Number(number) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()))
}

/// Checks that a field may be omitted from an input object.
///
/// # Errors
/// An error that names the field if it is required.
pub fn check_may_be_absent(type_name: &str, field: &MetaInputValue) -> Result<(), Wrong> {
    if field.ty.ends_with('!') && field.default_value.is_none() {
        return Err(Wrong::new(format!(
            "the field \"{}\" of \"{type_name}\" is required",
            field.name
        )));
    }
    Ok(())
}

pub fn unknown_field(type_name: &str, field: &str) -> Wrong {
    Wrong::new(format!("\"{type_name}\" has no field \"{field}\""))
}

pub fn exactly_one_field(type_name: &str) -> Wrong {
    Wrong::new(format!("\"{type_name}\" takes exactly one field that is not null"))
}

/// Creates the error for an unknown enum value. It lists all values, of which there are few.
pub fn no_such_name<'a>(type_name: &str, name: &str, values: impl Iterator<Item = &'a MetaEnumValue>) -> Wrong {
    let names: Vec<&str> = values.map(|value| value.name.as_str()).collect();
    Wrong::new(format!(
        "\"{type_name}\" has no value \"{name}\", only {}",
        names.join(", ")
    ))
}
