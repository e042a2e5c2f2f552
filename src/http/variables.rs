//! Variables checked against the types an operation declares for them, before execution.
//!
//! The library takes null, or nothing at all, for a non-null variable, and finds other wrong values only as part of its
//! strict validation. Checked here they are errors of the request, as the specification asks, and a document that was
//! validated once can be executed with any later variables without validating it again.

use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use async_graphql::{ID, InputType, ObjectType, SubscriptionType, Value, Variables};

/// The types of a schema by which variables are checked.
pub(super) struct InputTypes(Registry);

impl InputTypes {
    pub(super) fn of<Query: ObjectType, Mutation: ObjectType, Subscription: SubscriptionType>() -> Self {
        let mut registry = Registry::default();
        Query::create_type_info(&mut registry);
        if !Mutation::is_empty() {
            Mutation::create_type_info(&mut registry);
        }
        if !Subscription::is_empty() {
            Subscription::create_type_info(&mut registry);
        }
        bool::create_type_info(&mut registry);
        i32::create_type_info(&mut registry);
        f64::create_type_info(&mut registry);
        String::create_type_info(&mut registry);
        ID::create_type_info(&mut registry);
        Self(registry)
    }

    /// Says which variable is wrong, and how.
    pub(super) fn check(&self, operation: &OperationDefinition, variables: &Variables) -> Result<(), String> {
        for definition in &operation.variable_definitions {
            let name = &definition.node.name.node;
            let declared = &definition.node.var_type.node;
            match variables.get(name) {
                Some(value) => self
                    .check_declared(declared, value)
                    .map_err(|wrong| wrong.about(&format!("${name}")))?,
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

    fn check_declared(&self, declared: &Type, value: &Value) -> Result<(), Wrong> {
        match (value, &declared.base) {
            (Value::Null, _) if declared.nullable => Ok(()),
            (Value::Null, _) => Err(Wrong::type_expected(&declared.to_string())),
            (Value::List(items), BaseType::List(item_type)) => {
                at_each(items, |item| self.check_declared(item_type, item))
            }
            // One value stands for a list of that one.
            (single, BaseType::List(item_type)) => self.check_declared(item_type, single),
            (value, BaseType::Named(name)) => self.check_named(name, value),
        }
    }

    /// The same for the types of input fields, which the registry keeps as text.
    fn check_written(&self, type_name: &str, value: &Value) -> Result<(), Wrong> {
        match (MetaTypeName::create(type_name), value) {
            (MetaTypeName::NonNull(_), Value::Null) => Err(Wrong::type_expected(type_name)),
            (MetaTypeName::NonNull(inner), value) => self.check_written(inner, value),
            (_, Value::Null) => Ok(()),
            (MetaTypeName::List(inner), Value::List(items)) => at_each(items, |item| self.check_written(inner, item)),
            (MetaTypeName::List(inner), single) => self.check_written(inner, single),
            (MetaTypeName::Named(name), value) => self.check_named(name, value),
        }
    }

    /// A type that the schema does not know, or that is no input type, is left to validation.
    fn check_named(&self, name: &str, value: &Value) -> Result<(), Wrong> {
        match self.0.types.get(name) {
            Some(MetaType::Scalar { is_valid, .. }) => {
                let valid = is_valid.as_ref().is_none_or(|is_valid| is_valid(value));
                if valid && (name != "Int" || fits_int(value)) {
                    Ok(())
                } else {
                    Err(Wrong::type_expected(name))
                }
            }
            Some(MetaType::Enum { enum_values, .. }) => match value {
                Value::String(text) if enum_values.contains_key(text) => Ok(()),
                Value::String(text) => Err(Wrong::new(format!("\"{name}\" has no value \"{text}\""))),
                _ => Err(Wrong::type_expected(name)),
            },
            Some(MetaType::InputObject {
                input_fields, oneof, ..
            }) => {
                let Value::Object(fields) = value else {
                    return Err(Wrong::type_expected(name));
                };
                if *oneof && (fields.len() != 1 || fields.values().any(|value| *value == Value::Null)) {
                    return Err(Wrong::new(format!(
                        "\"{name}\" takes exactly one field that is not null"
                    )));
                }
                if let Some(unknown) = fields.keys().find(|field| !input_fields.contains_key(field.as_str())) {
                    return Err(Wrong::new(format!("\"{name}\" has no field \"{unknown}\"")));
                }
                for field in input_fields.values() {
                    match fields.get(field.name.as_str()) {
                        Some(value) => {
                            self.check_written(&field.ty, value)
                                .map_err(|wrong| wrong.inside(&format!(".{}", field.name)))?;
                        }
                        None if field.ty.ends_with('!') && field.default_value.is_none() => {
                            return Err(Wrong::new(format!(
                                "the field \"{}\" of \"{name}\" is required",
                                field.name
                            )));
                        }
                        None => {}
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn at_each(items: &[Value], check: impl Fn(&Value) -> Result<(), Wrong>) -> Result<(), Wrong> {
    items
        .iter()
        .enumerate()
        .try_for_each(|(index, item)| check(item).map_err(|wrong| wrong.inside(&format!("[{index}]"))))
}

/// The library's `Int` takes 64 bits before it calls a resolver; GraphQL's has 32.
fn fits_int(value: &Value) -> bool {
    matches!(value, Value::Number(number) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()))
}

/// What is wrong with a value, and where in it, put together on the way out.
struct Wrong {
    place: String,
    reason: String,
}

impl Wrong {
    fn new(reason: String) -> Self {
        Self {
            place: String::new(),
            reason,
        }
    }

    fn type_expected(type_name: &str) -> Self {
        Self::new(format!("expected a value of type \"{type_name}\""))
    }

    fn inside(mut self, step: &str) -> Self {
        self.place.insert_str(0, step);
        self
    }

    fn about(self, variable: &str) -> String {
        format!("Variable \"{variable}{}\" is invalid: {}.", self.place, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use async_graphql::{EmptyMutation, EmptySubscription, Enum, InputObject, Object, OneofObject};
    use serde_json::json;

    #[derive(Enum, Clone, Copy, PartialEq, Eq)]
    enum Colour {
        Red,
    }

    #[derive(InputObject)]
    struct Filter {
        size: i32,
        tags: Option<Vec<String>>,
    }

    #[derive(OneofObject)]
    enum By {
        Id(String),
        Size(i32),
    }

    struct Query;

    #[Object]
    impl Query {
        async fn find(&self, _colour: Option<Colour>, _filter: Option<Filter>, _by: Option<By>) -> bool {
            true
        }
    }

    fn check(definition: &str, variables: serde_json::Value) -> Result<(), String> {
        let document = parse_query(format!("query ({definition}) {{ find }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        InputTypes::of::<Query, EmptyMutation, EmptySubscription>()
            .check(&operation.node, &Variables::from_json(variables))
    }

    #[test]
    fn good_values_pass() {
        assert_eq!(check("$v: Int!", json!({ "v": 3 })), Ok(()));
        assert_eq!(check("$v: Int! = 3", json!({})), Ok(()));
        assert_eq!(check("$v: Int", json!({ "v": null })), Ok(()));
        assert_eq!(check("$v: [Int!]", json!({ "v": 3 })), Ok(()));
        assert_eq!(check("$v: ID!", json!({ "v": "award_1" })), Ok(()));
        assert_eq!(check("$v: Colour", json!({ "v": "RED" })), Ok(()));
        assert_eq!(
            check("$v: Filter", json!({ "v": { "size": 3, "tags": ["a"] } })),
            Ok(())
        );
        assert_eq!(check("$v: By", json!({ "v": { "size": 3 } })), Ok(()));
        assert_eq!(
            check("$v: Nowhere", json!({ "v": 3 })),
            Ok(()),
            "validation will say it better"
        );
    }

    #[test]
    fn wrong_values_are_told_with_their_place() {
        let told = |definition, variables| check(definition, variables).unwrap_err();
        assert_eq!(
            told("$v: Int!", json!({})),
            "Variable \"$v\" of type \"Int!\" is required but was not sent."
        );
        assert_eq!(
            told("$v: Int!", json!({ "v": null })),
            "Variable \"$v\" is invalid: expected a value of type \"Int!\"."
        );
        assert!(told("$v: Int = 3, $w: Int!", json!({ "v": 1 })).contains("$w"));
        assert!(told("$v: Int", json!({ "v": 5_000_000_000_i64 })).contains("\"Int\""));
        assert!(told("$v: String", json!({ "v": 3 })).contains("\"String\""));
        assert!(told("$v: [Int!]!", json!({ "v": [1, null] })).contains("$v[1]"));
        assert!(told("$v: Colour", json!({ "v": "BLUE" })).contains("has no value \"BLUE\""));
        assert!(told("$v: Filter", json!({ "v": { "size": 3, "tags": ["a", null] } })).contains("$v.tags[1]"));
        assert!(told("$v: Filter", json!({ "v": {} })).contains("\"size\" of \"Filter\" is required"));
        assert!(told("$v: Filter", json!({ "v": { "size": 1, "more": 2 } })).contains("no field \"more\""));
        assert!(told("$v: Filter", json!({ "v": 1 })).contains("\"Filter\""));
        assert!(told("$v: By", json!({ "v": { "size": 3, "id": "x" } })).contains("exactly one"));
    }
}
