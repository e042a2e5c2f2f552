//! Paginated lists in the format of Relay connections, extended with `nodes` and `totalCount`.

use async_graphql::{Object, SimpleObject};

use super::award::Award;
use super::child::Child;
use super::list::Page;
use crate::domain::award as domain;
use crate::graphql::NullableField;
use crate::loaders as stored;
use crate::loaders::ServiceError;

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

        impl From<Page<$stored>> for $connection {
            fn from(page: Page<$stored>) -> Self {
                let edges = page.rows.into_iter().map(|(cursor, row)| $edge {
                    cursor,
                    node: row.into(),
                });
                Self {
                    edges: edges.collect(),
                    page_info: page.info,
                    total: page.total,
                }
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
