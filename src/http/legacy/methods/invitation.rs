//! `get_invitation` and `set_invitation`: invitation code and inviter of a user.

use serde::Serialize;

use crate::domain::invitation::{Invitation, MAX_CODE_LENGTH};
use crate::http::legacy::call::{Call, CallError};
use crate::loaders::me::invitation::ReadInvitation;
use crate::service::set_invitation as bind;

/// IDs are strings as elsewhere on this wire, `class` is a number; `parent_id` is "0" and `parent_code` empty until a
/// parent is bound. Times are Unix seconds: strings in `get_invitation`, numbers in `set_invitation`, as the clients
/// expect.
#[derive(Serialize)]
pub struct InvitationInfo<Time> {
    user_id: String,
    code: String,
    class: i16,
    parent_id: String,
    parent_code: String,
    update_time: Time,
    create_time: Time,
}

/// Returns the invitation of the user.
///
/// # Errors
/// Status 2 or 3 without a valid session key.
pub async fn get_invitation(call: &Call<'_>) -> Result<InvitationInfo<String>, CallError> {
    let user = call.user().await?;
    let invitation = call.state.reads.read(user, ReadInvitation).await?;
    // Every user has an invitation since registration.
    let invitation = invitation.ok_or_else(|| CallError::Fault(format!("user {} has no invitation", user.0)))?;
    Ok(InvitationInfo::new(invitation, |seconds| seconds.to_string()))
}

/// Binds `parent_code`. Too long a code is status 0 here, where GraphQL reports it as unknown: old clients check the
/// length first.
///
/// # Errors
/// Status 0, 2 or 3 for an invalid parameter or session key, and the status of a rejected binding.
pub async fn set_invitation(call: &Call<'_>) -> Result<InvitationInfo<i64>, CallError> {
    let (user, _slot) = call.acting_user().await?;
    let code = call.text("parent_code", MAX_CODE_LENGTH)?;
    let bound = bind::set_invitation(&call.state.pools.api, user, code, call.moment).await?;
    Ok(InvitationInfo::new(bound, |seconds| seconds))
}

impl<Time> InvitationInfo<Time> {
    /// `time` converts Unix seconds to the wire format.
    fn new(invitation: Invitation, time: fn(i64) -> Time) -> Self {
        let (parent_id, parent_code) = invitation
            .parent
            .map_or((0, String::new()), |parent| (parent.user_id.0, parent.code));
        Self {
            user_id: invitation.user_id.0.to_string(),
            code: invitation.code,
            class: invitation.class,
            parent_id: parent_id.to_string(),
            parent_code,
            update_time: time(invitation.updated_at.timestamp()),
            create_time: time(invitation.created_at.timestamp()),
        }
    }
}
