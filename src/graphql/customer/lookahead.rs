//! Reads for the fields selected below a customer, collected so that one statement answers all of them.
//!
//! When a field is resolved it builds the same reads and finds their answers prefetched. A field without prefetched
//! answers runs its own statement, so a field missing here costs a statement but never returns a wrong result.

use async_graphql::SelectionField;

use super::list::Plan;
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::graphql::award_kinds::{AwardStatus, AwardType};
use crate::graphql::paging::{PageArguments, argument};
use crate::loaders::{Ask, AwardFilter};

/// Returns the reads of all fields selected below a field of type `Customer`.
pub(super) fn asks(user: UserId, moment: BusinessTime, customer: &SelectionField<'_>) -> Vec<Ask> {
    customer
        .selection_set()
        .flat_map(|field| asks_of(user, moment, &field))
        .collect()
}

fn asks_of(user: UserId, moment: BusinessTime, field: &SelectionField<'_>) -> Vec<Ask> {
    match field.name() {
        "name" | "portraitUri" => vec![Ask::profile(user)],
        "newbeeAwards" => vec![Ask::newbee_awards(user)],
        "todayAwards" => vec![Ask::today_awards(user, moment.day)],
        "todayTasks" => vec![Ask::task_rules(), Ask::task_counts(user, moment.day)],
        "signIn" => vec![Ask::sign_in(user, moment.day)],
        "balances" => vec![Ask::balances(user)],
        "invitation" => vec![Ask::invitation(user)],
        // Invalid arguments are rejected when the field is resolved.
        "awards" => awards(user, field).unwrap_or_default(),
        "children" => children(user, field).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn awards(user: UserId, field: &SelectionField<'_>) -> Option<Vec<Ask>> {
    let arguments = field.arguments().ok()?;
    let filter = AwardFilter {
        award_type: argument::<AwardType>(&arguments, "type").map(Into::into),
        status: argument::<AwardStatus>(&arguments, "status").map(Into::into),
    };
    Some(
        Plan::awards(user, filter, &PageArguments::prefetched(&arguments), field)
            .ok()?
            .asks(),
    )
}

fn children(user: UserId, field: &SelectionField<'_>) -> Option<Vec<Ask>> {
    let arguments = field.arguments().ok()?;
    Some(
        Plan::children(user, &PageArguments::prefetched(&arguments), field)
            .ok()?
            .asks(),
    )
}
