//! Pagination: page arguments and their translation to key ranges. All lists are newest first.

use async_graphql::{Error, InputType, Name, ServerResult, Value};

use super::cursor::{self, CursorKey};
use super::errors::bad_user_input;
use crate::loaders::Range;

/// Rows in a page when the client sends neither `first` nor `last`.
pub const DEFAULT_PAGE: usize = 20;
/// Maximum number of rows in a page.
pub const LARGEST_PAGE: usize = 100;
/// Expected number of rows in a list without pages.
pub const EXPECTED_ROWS: usize = 20;
/// Complexity of such a list in addition to its expected rows, because it may have many more.
pub(super) const LIST_COST: usize = 100;

/// Returns the complexity of a list without pages.
pub(super) fn list_cost(child_complexity: usize) -> usize {
    LIST_COST + EXPECTED_ROWS * child_complexity
}

/// Page arguments of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// Validated request for one page.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageRequest<Key> {
    after: Option<Key>,
    before: Option<Key>,
    size: usize,
    from_end: bool,
}

/// Returns the page size for the complexity of a query. An invalid size, which is rejected later, counts as at most the
/// maximum.
///
/// Takes results because async-graphql 8.0.0-rc.5 reports an optional variable that was not sent as undefined, and
/// would reject the query if its complexity named the arguments directly. Other errors in the arguments are reported by
/// validation.
pub(super) fn page_size(first: ServerResult<Option<i32>>, last: ServerResult<Option<i32>>) -> usize {
    match first.unwrap_or_default().or(last.unwrap_or_default()) {
        Some(size) => (size.max(0) as usize).min(LARGEST_PAGE),
        None => DEFAULT_PAGE,
    }
}

/// Returns an argument from the document or its variable; `None` if it is omitted or null.
pub(super) fn argument<T: InputType>(arguments: &[(Name, Value)], name: &str) -> Option<T> {
    let (_, value) = arguments.iter().find(|(argument, _)| argument == name)?;
    Option::<T>::parse(Some(value.clone())).ok().flatten()
}

impl PageArguments {
    /// Reads the arguments of a field before it is resolved.
    pub fn prefetched(arguments: &[(Name, Value)]) -> Self {
        Self {
            first: argument(arguments, "first"),
            after: argument(arguments, "after"),
            last: argument(arguments, "last"),
            before: argument(arguments, "before"),
        }
    }

    /// Validates the arguments.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` if they are invalid; the message says what to send instead.
    pub fn request<Key: CursorKey>(&self) -> Result<PageRequest<Key>, Error> {
        let (name, size) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad_user_input("Send either first or last, not both.")),
            (first, None) => ("first", first),
            (None, last) => ("last", last),
        };
        let size = match size.map(usize::try_from) {
            None => DEFAULT_PAGE,
            Some(Ok(size)) if size <= LARGEST_PAGE => size,
            Some(_) => {
                return Err(bad_user_input(format!(
                    "{name} must be between 0 and {LARGEST_PAGE}. Read longer lists page by page, with cursors."
                )));
            }
        };
        Ok(PageRequest {
            after: key(self.after.as_deref(), "after")?,
            before: key(self.before.as_deref(), "before")?,
            size,
            from_end: name == "last",
        })
    }
}

fn key<Key: CursorKey>(cursor: Option<&str>, name: &str) -> Result<Option<Key>, Error> {
    let unknown = || {
        bad_user_input(format!(
            "{name} is not a cursor of this list. Send a cursor from an earlier page of the same list, unchanged, or leave \
             {name} out."
        ))
    };
    cursor
        .map(|cursor| cursor::decode(cursor).ok_or_else(unknown))
        .transpose()
}

impl<Key: CursorKey> PageRequest<Key> {
    /// Returns the range of the page plus one row, which shows whether the list continues.
    pub fn rows(&self) -> Range<Key> {
        Range {
            below: self.after,
            above: self.before,
            newest_first: !self.from_end,
            limit: self.size + 1,
        }
    }

    /// Returns a range with one row excluded by `after`, to detect rows before the page.
    pub fn left_out_before(&self) -> Option<Range<Key>> {
        self.after.map(|after| self.any(None, after.below()))
    }

    /// Returns a range with one row excluded by `before`, to detect rows after the page.
    pub fn left_out_after(&self) -> Option<Range<Key>> {
        self.before.map(|before| self.any(before.above(), None))
    }

    fn any(&self, below: Option<Key>, above: Option<Key>) -> Range<Key> {
        Range {
            below,
            above,
            newest_first: !self.from_end,
            limit: 1,
        }
    }

    /// Extracts the page from its rows, which are in ascending order of key. Returns the rows newest first, whether
    /// there are rows before the page, and whether there are rows after it.
    pub fn cut<Row>(&self, mut rows: Vec<Row>, left_out_before: bool, left_out_after: bool) -> (Vec<Row>, bool, bool) {
        rows.reverse();
        let goes_on = rows.len() > self.size;
        if self.from_end {
            let surplus = rows.len().saturating_sub(self.size);
            (rows.split_off(surplus), goes_on || left_out_before, left_out_after)
        } else {
            rows.truncate(self.size);
            (rows, left_out_before, goes_on || left_out_after)
        }
    }
}
