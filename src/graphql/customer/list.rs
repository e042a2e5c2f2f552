//! Reads for one page of a list, planned before the field is resolved, so that `me` can fetch all its fields together.

use async_graphql::{Error, SelectionField};

use super::connection::PageInfo;
use crate::domain::award::Award;
use crate::domain::id::{AwardId, UserId};
use crate::graphql::cursor::{self, CursorKey};
use crate::graphql::paging::{PageArguments, PageRequest};
use crate::loaders::{Answer, Ask, AwardFilter, Child, ChildKey, FromAnswer, Range, ServiceError};

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

/// Page of rows with a cursor each.
pub(super) struct Page<Row> {
    pub rows: Vec<(String, Row)>,
    pub info: PageInfo,
    /// Total number of rows; `None` if it was not selected.
    pub total: Option<Result<i64, ServiceError>>,
}

/// Reads for the selected fields of a connection.
pub(super) struct Plan<Row: Listed> {
    request: PageRequest<Row::Key>,
    page: Option<Ask>,
    left_out_before: Option<Ask>,
    left_out_after: Option<Ask>,
    total: Option<Ask>,
}

impl Plan<Award> {
    /// Plans a page of awards for a field.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` if the page arguments are invalid.
    pub fn awards(
        user: UserId,
        filter: AwardFilter,
        page: &PageArguments,
        field: &SelectionField<'_>,
    ) -> Result<Self, Error> {
        let rows = |range| Ask::awards(user, filter, range);
        Ok(Self::new(page.request()?, field, rows, Ask::awards_total(user, filter)))
    }
}

impl Plan<Child> {
    /// Plans a page of children for a field.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` if the page arguments are invalid.
    pub fn children(user: UserId, page: &PageArguments, field: &SelectionField<'_>) -> Result<Self, Error> {
        let with_counts = !cfg!(feature = "per-field-reads")
            && (selects(field, &["nodes", "childrenCount"]) || selects(field, &["edges", "node", "childrenCount"]));
        let rows = |range| Ask::children(user, range, with_counts);
        Ok(Self::new(page.request()?, field, rows, Ask::children_total(user)))
    }
}

impl<Row: Listed> Plan<Row>
where
    Vec<Row>: FromAnswer,
{
    fn new(
        request: PageRequest<Row::Key>,
        field: &SelectionField<'_>,
        rows: impl Fn(Range<Row::Key>) -> Ask,
        total: Ask,
    ) -> Self {
        let wants_info = selects(field, &["pageInfo"]);
        let wants_rows = wants_info || selects(field, &["nodes"]) || selects(field, &["edges"]);
        Self {
            page: wants_rows.then(|| rows(request.rows())),
            left_out_before: request.left_out_before().filter(|_| wants_info).map(&rows),
            left_out_after: request.left_out_after().filter(|_| wants_info).map(&rows),
            total: selects(field, &["totalCount"]).then_some(total),
            request,
        }
    }

    /// Returns all reads, in the order in which [`Plan::page`] expects the answers.
    pub fn asks(&self) -> Vec<Ask> {
        [self.page, self.left_out_before, self.left_out_after, self.total]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Builds the page from the answers. A failed total affects only `totalCount`.
    ///
    /// # Errors
    /// If a read of the rows or of the page position failed.
    pub fn page(
        &self,
        answers: impl IntoIterator<Item = Result<Answer, ServiceError>>,
    ) -> Result<Page<Row>, ServiceError> {
        let mut answers = answers.into_iter();
        let mut answer_to = |ask: Option<Ask>| ask.map(|_| answers.next().unwrap_or(Err(ServiceError::LOST)));
        let mut rows_of = |ask| match answer_to(ask) {
            None => Ok(Vec::new()),
            Some(answer) => answer.map(Vec::<Row>::from_answer),
        };
        let page = rows_of(self.page)?;
        let left_out_before = !rows_of(self.left_out_before)?.is_empty();
        let left_out_after = !rows_of(self.left_out_after)?.is_empty();
        let (rows, has_previous_page, has_next_page) = self.request.cut(page, left_out_before, left_out_after);
        let rows: Vec<(String, Row)> = rows.into_iter().map(|row| (cursor::encode(row.key()), row)).collect();
        let info = PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: rows.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: rows.last().map(|(cursor, _)| cursor.clone()),
        };
        Ok(Page {
            rows,
            info,
            total: answer_to(self.total).map(|answer| answer.map(i64::from_answer)),
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
