//! Published enums of rejection codes, built from the tables of the domain.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::Field;
use async_graphql::registry::{EnumBuilder, MetaEnumValue, MetaTypeId, Registry};
use async_graphql::{ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};

use crate::domain::rejection::{RejectionCode, RejectionTable};

/// An enum of the schema: its name, its description, and the tables whose codes it has.
pub trait CodeSet: Send + Sync + 'static {
    const NAME: &'static str;
    const DESCRIPTION: &'static str;
    const TABLES: &'static [&'static [RejectionCode]];
}

/// Code of a rejection, as a value of the enum `S`.
pub struct Code<S> {
    name: &'static str,
    set: PhantomData<S>,
}

impl<S> Code<S> {
    /// Returns the code of a rejection, whose table must be one of `S`.
    pub fn of(rejection: &impl RejectionTable) -> Self {
        Self {
            name: rejection.code(),
            set: PhantomData,
        }
    }
}

impl<S: CodeSet> OutputType for Code<S> {
    fn type_name() -> Cow<'static, str> {
        S::NAME.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| {
            let codes = S::TABLES.iter().copied().flatten();
            let values: IndexMap<_, _> = codes.map(|code| (code.name.to_owned(), published(code))).collect();
            EnumBuilder::new(S::NAME, values)
                .description(Some(S::DESCRIPTION.to_owned()))
                .rust_typename(std::any::type_name::<Self>())
                .build()
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Enum(Name::new(self.name)))
    }
}

fn published(code: &RejectionCode) -> MetaEnumValue {
    let lines: Vec<_> = code.description.iter().map(|line| line.trim()).collect();
    let mut description = lines.join("\n");
    if let Some(legacy) = code.legacy {
        description = format!("{description} Status {} of the legacy methods.", legacy.number);
    }
    let mut value = MetaEnumValue::new(code.name);
    value.description = Some(description);
    value
}
