//! Reads for one page of a list, planned before the field is resolved, so that `me` can fetch all its fields together.

use async_graphql::{Error, SelectionField};
use chrono::NaiveDate;

use super::connection::Page;
use crate::domain::award::Award;
use crate::domain::id::{AwardId, UserId};
use crate::graphql::cursor::CursorKey;
use crate::graphql::paging::{PageArguments, PageRequest};
use crate::loaders::me::awards::{AwardFilter, ReadAwards, ReadAwardsTotal};
use crate::loaders::me::children::{Child, ChildKey, ReadChildren, ReadChildrenTotal};
use crate::loaders::{Part, Range, ReadSet, ServiceError, Whose};

/// Row of a list that is ordered by its key.
pub(super) trait Listed {
    type Key: CursorKey;

    fn key(&self) -> Self::Key;
}

impl Listed for Award {
    type Key = AwardId;

    fn key(&self) -> AwardId {
        self.id
    }
}

impl Listed for Child {
    type Key = ChildKey;

    fn key(&self) -> ChildKey {
        Child::key(self)
    }
}

/// Reads for the selected fields of a connection: pages of rows, and their total number.
pub(super) struct Plan<Row: Listed, Rows, Total> {
    whose: Whose,
    request: PageRequest<Row::Key>,
    page: Option<Rows>,
    left_out_before: Option<Rows>,
    left_out_after: Option<Rows>,
    total: Option<Total>,
}

pub(super) type AwardsPlan = Plan<Award, ReadAwards, ReadAwardsTotal>;
pub(super) type ChildrenPlan = Plan<Child, ReadChildren, ReadChildrenTotal>;

impl AwardsPlan {
    /// Plans a page of awards for a field.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` if the page arguments are invalid.
    pub fn awards(
        whose: Whose,
        filter: AwardFilter,
        page: &PageArguments,
        field: &SelectionField<'_>,
    ) -> Result<Self, Error> {
        let rows = |range| ReadAwards { filter, range };
        Ok(Self::new(
            whose,
            page.request()?,
            field,
            rows,
            ReadAwardsTotal { filter },
        ))
    }
}

impl ChildrenPlan {
    /// Plans a page of children for a field, with their progress as of a business day.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` if the page arguments are invalid.
    pub fn children(
        whose: Whose,
        page: &PageArguments,
        field: &SelectionField<'_>,
        today: NaiveDate,
    ) -> Result<Self, Error> {
        let of_child = |name| {
            !cfg!(feature = "per-field-reads")
                && (selects(field, &["nodes", name]) || selects(field, &["edges", "node", name]))
        };
        let with_counts = of_child("childrenCount");
        let qualified_on = (of_child("state") || of_child("progress")).then_some(today);
        let rows = |range| ReadChildren {
            range,
            with_counts,
            qualified_on,
        };
        Ok(Self::new(whose, page.request()?, field, rows, ReadChildrenTotal))
    }
}

impl<Row, Rows, Total> Plan<Row, Rows, Total>
where
    Row: Listed,
    Rows: Part<Value = Vec<Row>>,
    Total: Part<Value = i64>,
{
    fn new(
        whose: Whose,
        request: PageRequest<Row::Key>,
        field: &SelectionField<'_>,
        rows: impl Fn(Range<Row::Key>) -> Rows,
        total: Total,
    ) -> Self {
        let wants_info = selects(field, &["pageInfo"]);
        let wants_rows = wants_info || selects(field, &["nodes"]) || selects(field, &["edges"]);
        Self {
            whose,
            page: wants_rows.then(|| rows(request.rows())),
            left_out_before: request.left_out_before().filter(|_| wants_info).map(&rows),
            left_out_after: request.left_out_after().filter(|_| wants_info).map(&rows),
            total: selects(field, &["totalCount"]).then_some(total),
            request,
        }
    }

    /// Adds all reads to a set.
    pub fn add_to(&self, reads: &mut ReadSet) {
        let rows = [&self.page, &self.left_out_before, &self.left_out_after];
        for rows in rows.into_iter().flatten() {
            reads.add(self.whose, rows.clone());
        }
        if let Some(total) = &self.total {
            reads.add(self.whose, total.clone());
        }
    }

    /// Builds the page from the reads. A failed total affects only `totalCount`.
    ///
    /// # Errors
    /// If a read of the rows or of the page position failed.
    pub fn page(&self, user: UserId, reads: &mut ReadSet) -> Result<Page<Row>, ServiceError> {
        let mut rows_of = |rows: &Option<Rows>| match rows {
            None => Ok(Vec::new()),
            Some(rows) => reads.take(user, rows),
        };
        let page = rows_of(&self.page)?;
        let left_out_before = !rows_of(&self.left_out_before)?.is_empty();
        let left_out_after = !rows_of(&self.left_out_after)?.is_empty();
        let (rows, has_previous, has_next) = self.request.cut(page, left_out_before, left_out_after);
        Ok(Page {
            rows,
            has_next,
            has_previous,
            total: self.total.as_ref().map(|total| reads.take(user, total)),
        })
    }
}

/// Returns true if the field selects the nested field at the given path.
fn selects(field: &SelectionField<'_>, names: &[&str]) -> bool {
    match names {
        [] => true,
        [name, rest @ ..] => field
            .selection_set()
            .any(|field| field.name() == *name && selects(&field, rest)),
    }
}
