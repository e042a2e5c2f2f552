//! Paginated lists in the format of Relay connections, extended with `nodes` and `totalCount`.

use async_graphql::parser::types::Field;
use async_graphql::{Object, SimpleObject};

use super::award::Award;
use super::child::Child;
use super::flat::{FlatObject, Json, object};
use super::list::Listed;
use crate::domain::award as domain;
use crate::graphql::NullableField;
use crate::graphql::cursor;
use crate::loaders as stored;
use crate::loaders::ServiceError;

/// Page of rows.
#[derive(Clone)]
pub(super) struct Page<Row> {
    pub rows: Vec<Row>,
    pub has_next: bool,
    pub has_previous: bool,
    /// Total number of rows in the list; `None` if it was not selected.
    pub total: Option<Result<i64, ServiceError>>,
}

/// Position of a page in its list.
#[derive(Clone, Default, SimpleObject)]
pub(super) struct PageInfo {
    /// True if the list has rows after this page.
    pub has_next_page: bool,
    /// True if the list has rows before this page.
    pub has_previous_page: bool,
    /// Cursor of the first row of the page; null if the page is empty. Send it as `before` to get the previous page.
    pub start_cursor: Option<String>,
    /// Cursor of the last row of the page; null if the page is empty. Send it as `after` to get the next page.
    pub end_cursor: Option<String>,
}

impl<Row: Listed> Page<Row> {
    fn info(&self) -> PageInfo {
        let cursor = |row: &Row| cursor::encode(row.key());
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.rows.first().map(cursor),
            end_cursor: self.rows.last().map(cursor),
        }
    }
}

impl FlatObject for PageInfo {
    type Derived = Self;

    fn write(&self, field: &Field, json: &mut Json) -> Option<()> {
        match field.name.node.as_str() {
            "hasNextPage" => json.bool(self.has_next_page),
            "hasPreviousPage" => json.bool(self.has_previous_page),
            "startCursor" => json.optional(self.start_cursor.as_deref(), Json::text),
            "endCursor" => json.optional(self.end_cursor.as_deref(), Json::text),
            _ => return None,
        }
        Some(())
    }
}

/// Row with its cursor.
#[derive(Clone)]
struct EdgeOf<Row>(Row);

/// Defines the types of one list. The generic types of async-graphql would share one description.
macro_rules! connection {
    ($connection:ident, $edge:ident, $row:ident from $stored:ty, $list:literal, $one:literal) => {
        #[doc = $one]
        #[derive(SimpleObject)]
        pub(super) struct $edge {
            /// Opaque cursor of the row, for `after` and `before`. It remains valid.
            cursor: String,
            /// Row at this cursor.
            node: $row,
        }

        pub(super) struct $connection {
            edges: Vec<$edge>,
            page_info: PageInfo,
            total: Option<Result<i64, ServiceError>>,
        }

        #[doc = $list]
        #[Object]
        impl $connection {
            /// Rows of the page with their cursors.
            async fn edges(&self) -> &[$edge] {
                &self.edges
            }

            /// Rows of the page without cursors.
            async fn nodes(&self) -> Vec<&$row> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }

            /// Position of the page in the list.
            async fn page_info(&self) -> &PageInfo {
                &self.page_info
            }

            /// Total number of rows in the list. Counted only if selected.
            async fn total_count(&self) -> NullableField<i64> {
                let total = self.total.as_ref()?;
                Some(total.clone().map_err(Into::into))
            }
        }

        impl From<EdgeOf<&$stored>> for $edge {
            fn from(EdgeOf(row): EdgeOf<&$stored>) -> Self {
                Self {
                    cursor: cursor::encode(row.key()),
                    node: row.clone().into(),
                }
            }
        }

        impl From<Page<$stored>> for $connection {
            fn from(page: Page<$stored>) -> Self {
                Self {
                    page_info: page.info(),
                    edges: page.rows.iter().map(|row| EdgeOf(row).into()).collect(),
                    total: page.total,
                }
            }
        }

        impl FlatObject for EdgeOf<&$stored> {
            type Derived = $edge;

            fn write(&self, field: &Field, json: &mut Json) -> Option<()> {
                match field.name.node.as_str() {
                    "cursor" => json.quoted(|text| cursor::write(self.0.key(), text)),
                    "node" => return object(self.0, &field.selection_set.node, json),
                    _ => return None,
                }
                Some(())
            }
        }

        impl FlatObject for Page<$stored> {
            type Derived = $connection;

            fn write(&self, field: &Field, json: &mut Json) -> Option<()> {
                let set = &field.selection_set.node;
                match field.name.node.as_str() {
                    "edges" => json.list(&self.rows, |json, row| object(&EdgeOf(row), set, json)),
                    "nodes" => json.list(&self.rows, |json, row| object(row, set, json)),
                    "pageInfo" => object(&self.info(), set, json),
                    "totalCount" => match self.total {
                        Some(Ok(total)) => Some(json.number(total)),
                        _ => None,
                    },
                    _ => None,
                }
            }

            fn rows(&self) -> usize {
                self.rows.len()
            }
        }
    };
}

connection!(
    AwardConnection,
    AwardEdge,
    Award from domain::Award,
    "A page of the user's awards, newest first.",
    "An award with its cursor."
);
connection!(
    ChildConnection,
    ChildEdge,
    Child from stored::Child,
    "A page of the users who bound the viewer's code, newest first.",
    "A child with its cursor."
);
