//! Progress of invitees toward the awards for their invitation.

use async_graphql::SimpleObject;

use crate::domain::qualification::Qualification;
pub(super) use crate::graphql::award_kinds::InviteeState;
use crate::graphql::scalars::Date;
use crate::loaders::me::qualifications as stored;

/// Progress of an invitee toward an offer with conditions.
#[derive(SimpleObject)]
pub(super) struct InvitationProgress {
    /// Item of the offer, as in its awards.
    item: String,
    /// State of the invitee under the conditions of the offer.
    state: InviteeState,
    /// Number of business days since the binding on which the invitee signed in; as of the last deed.
    sign_in_days: i64,
    /// Number of such days that the offer requires; 0 if none is required.
    required_sign_in_days: i64,
    /// Required items that are done; as of the last deed.
    done_items: Vec<String>,
    /// Items of tasks that the offer requires, each at least once.
    required_items: Vec<String>,
    /// Last business day that counts; null if there is no limit.
    last_day: Option<Date>,
    /// True if the award was paid to the viewer for this invitee; false while it is not earned, beyond a limit or budget, and
    /// for invitees who only counted toward a milestone.
    paid: bool,
}

impl From<Qualification> for InvitationProgress {
    fn from(qualification: Qualification) -> Self {
        Self {
            paid: qualification.award_id.is_some(),
            item: qualification.item,
            state: qualification.state.into(),
            sign_in_days: qualification.sign_in_days,
            required_sign_in_days: qualification.required_sign_in_days,
            done_items: qualification.done_items,
            required_items: qualification.required_items,
            last_day: qualification.last_day.map(Date),
        }
    }
}

/// Number of children in each state. Children whose binding had no offer with conditions are not counted.
#[derive(SimpleObject)]
pub(super) struct ChildStates {
    /// Number of children who can still meet the conditions of an offer.
    pending: i64,
    /// Number of children who met the conditions of an offer, and have none left to meet.
    qualified: i64,
    /// Number of children who did not meet the conditions in time.
    expired: i64,
    /// Number of children whose accounts were too old when they bound the code.
    ineligible: i64,
}

impl From<stored::ChildStates> for ChildStates {
    fn from(states: stored::ChildStates) -> Self {
        Self {
            pending: states.pending,
            qualified: states.qualified,
            expired: states.expired,
            ineligible: states.ineligible,
        }
    }
}
