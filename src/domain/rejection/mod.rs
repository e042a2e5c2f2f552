//! Rejections of requests that the caller can correct. Each noun has one table: the code, the text in both languages,
//! and the status of the legacy methods.

pub mod change;
pub mod job;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::language::Language;

/// A reason for rejecting a request, which the caller can correct.
pub trait Rejection: std::error::Error + Clone + Send + Sync + 'static {}

/// A rejection that is published in a schema, defined by [`rejections!`].
pub trait RejectionTable: Rejection {
    /// All codes of the table, in its order, without those of nested tables.
    const CODES: &'static [RejectionCode];

    /// Returns the machine-readable code.
    fn code(&self) -> &'static str;

    /// Returns the problem and how to fix it.
    fn text(&self, language: Language) -> Cow<'static, str>;

    /// Returns the reply of the legacy methods; `None` if no legacy method has this rejection.
    fn legacy(&self) -> Option<LegacyStatus>;
}

/// A code, as it is published in the schema.
#[derive(Clone, Copy, Debug)]
pub struct RejectionCode {
    pub name: &'static str,
    /// Lines of the description.
    pub description: &'static [&'static str],
    pub legacy: Option<LegacyStatus>,
}

/// Status of a legacy reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyStatus {
    pub number: u16,
    /// Text that the old clients show.
    pub message: &'static str,
}

/// Defines the table of one noun: an enum that implements [`RejectionTable`] and has the
/// English text as its `Display`.
///
/// A row is `Name { fields } => "CODE" legacy (number, "message"), "English text", "Chinese text";`. The fields and the
/// legacy status are optional; a text is a string or an expression over the fields. Rows of another table follow after
/// `with`.
macro_rules! rejections {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $row:ident $({ $($field:ident: $type:ty),+ $(,)? })? =>
                    $code:literal $(legacy ($number:literal, $message:literal))?, $english:expr, $chinese:expr;
            )*
        }
        $(with { $($outer:ident($inner:ty)),+ $(,)? })?
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $visibility enum $name {
            $($(#[doc = $doc])+ $row $({ $($field: $type),+ })?,)*
            $($($outer($inner),)+)?
        }

        impl $crate::domain::rejection::Rejection for $name {}

        impl std::error::Error for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use $crate::domain::rejection::RejectionTable as _;
                formatter.write_str(&self.text($crate::domain::language::Language::English))
            }
        }

        #[cfg(test)]
        impl $name {
            /// Returns each row once, with default fields.
            pub fn samples() -> Vec<Self> {
                vec![$(Self::$row $({ $($field: <$type>::default()),+ })?),*]
            }
        }

        impl $crate::domain::rejection::RejectionTable for $name {
            const CODES: &'static [$crate::domain::rejection::RejectionCode] = &[
                $($crate::domain::rejection::RejectionCode {
                    name: $code,
                    description: &[$($doc),+],
                    legacy: $crate::domain::rejection::rejections!(@legacy $($number, $message)?),
                }),*
            ];

            fn code(&self) -> &'static str {
                match self {
                    $(Self::$row { .. } => $code,)*
                    $($(Self::$outer(inner) => inner.code(),)+)?
                }
            }

            #[allow(unused_variables)] // not every text shows every field
            fn text(&self, language: $crate::domain::language::Language) -> std::borrow::Cow<'static, str> {
                use $crate::domain::language::Language;
                match (self, language) {
                    $(
                        (Self::$row $({ $($field),+ })?, Language::English) => $english.into(),
                        (Self::$row $({ $($field),+ })?, Language::Chinese) => $chinese.into(),
                    )*
                    $($((Self::$outer(inner), _) => inner.text(language),)+)?
                }
            }

            fn legacy(&self) -> Option<$crate::domain::rejection::LegacyStatus> {
                match self {
                    $(Self::$row { .. } => $crate::domain::rejection::rejections!(@legacy $($number, $message)?),)*
                    $($(Self::$outer(inner) => inner.legacy(),)+)?
                }
            }
        }

        $($(
            impl From<$inner> for $name {
                fn from(inner: $inner) -> Self {
                    Self::$outer(inner)
                }
            }
        )+)?
    };
    (@legacy) => { None };
    (@legacy $number:literal, $message:literal) => {
        Some($crate::domain::rejection::LegacyStatus { number: $number, message: $message })
    };
}
pub(crate) use rejections;
