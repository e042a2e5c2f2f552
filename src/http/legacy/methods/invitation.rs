//! `get_invitation` and `set_invitation`: a user's code and inviter.

use serde::Serialize;

use crate::domain::invitation::{Invitation, MAX_CODE_LENGTH};
use crate::http::legacy::call::{Call, Failure};
use crate::http::legacy::status::Status;
use crate::loaders::Ask;
use crate::service::set_invitation as bind;

/// Ids are text as elsewhere on this wire, `class` is a number; `parent_id` is "0" and `parent_code` empty until a parent is
/// bound. Times are Unix seconds: as text in `get_invitation`, as numbers in `set_invitation`, as the clients expect them.
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

pub async fn get_invitation(call: &Call<'_>) -> Result<InvitationInfo<String>, Failure> {
    let user = call.user().await?;
    let invitation: Option<Invitation> = call.backend.reads.ask(Ask::invitation(user)).await?;
    // A user has one from registration on.
    let invitation = invitation.ok_or_else(|| Failure::Fault(format!("user {} has no invitation", user.0)))?;
    Ok(InvitationInfo::new(invitation, |seconds| seconds.to_string()))
}

/// Binds `parent_code`. A code that is too long is status 0 here, where GraphQL calls it unknown: old clients count first.
pub async fn set_invitation(call: &Call<'_>) -> Result<InvitationInfo<i64>, Failure> {
    let (user, _slot) = call.acting_user().await?;
    let code = call.text("parent_code", MAX_CODE_LENGTH)?;
    let outcome = bind::set_invitation(&call.backend.pool, user, code, call.moment).await?;
    Ok(InvitationInfo::new(outcome.map_err(Status::from)?, |seconds| seconds))
}

impl<Time> InvitationInfo<Time> {
    /// `time` writes Unix seconds.
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
