//! Lists in pages, by the shapes of Relay, with `nodes` and `totalCount`.

use async_graphql::{Context, Object, SimpleObject};

use super::award::Award;
use super::child::Child;
use super::list::Page;
use crate::domain::award as domain;
use crate::graphql::{NullableField, RequestContext};
use crate::loaders as stored;
use crate::loaders::ReadError;

/// Where a page lies in its list.
#[derive(Clone, Default, SimpleObject)]
pub(super) struct PageInfo {
    /// Whether the list goes on after this page.
    pub has_next_page: bool,
    /// Whether the list has rows before this page.
    pub has_previous_page: bool,
    /// The cursor of the first row of the page; null when the page is empty. Send it as `before` to read back.
    pub start_cursor: Option<String>,
    /// The cursor of the last row of the page; null when the page is empty. Send it as `after` to read on.
    pub end_cursor: Option<String>,
}

/// The types of one list: async-graphql's generic objects would share one description.
macro_rules! connection {
    ($connection:ident, $edge:ident, $row:ident from $stored:ty, $list:literal, $one:literal) => {
        #[doc = $one]
        #[derive(SimpleObject)]
        pub(super) struct $edge {
            /// The place of the row in its list, for `after` and `before`. It is opaque and stays valid.
            cursor: String,
            /// The row itself.
            node: $row,
        }

        pub(super) struct $connection {
            edges: Vec<$edge>,
            page_info: PageInfo,
            total: Option<Result<i64, ReadError>>,
        }

        #[doc = $list]
        #[Object]
        impl $connection {
            /// The rows of the page, each with its cursor.
            async fn edges(&self) -> &[$edge] {
                &self.edges
            }

            /// The rows of the page without cursors.
            async fn nodes(&self) -> Vec<&$row> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }

            /// Where the page lies in the list.
            async fn page_info(&self) -> &PageInfo {
                &self.page_info
            }

            /// How many rows the whole list has. They are counted only when this is asked for.
            async fn total_count(&self, ctx: &Context<'_>) -> NullableField<i64> {
                let total = self.total.as_ref()?;
                Some(
                    total
                        .clone()
                        .map_err(|error| RequestContext::of(ctx).read_failed(&error)),
                )
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
    "An award with its place in the list."
);
connection!(
    ChildConnection,
    ChildEdge,
    Child from stored::Child,
    "A page of the users who bound the viewer's code, newest first.",
    "A child with its place in the list."
);
