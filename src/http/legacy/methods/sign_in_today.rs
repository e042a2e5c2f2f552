//! `sign_in_today`: the daily sign-in.

use serde::Serialize;

use crate::domain::sign_in::SignInRejection;
use crate::http::legacy::call::{Call, CallError};
use crate::http::legacy::status::Status;
use crate::service::sign_in_today::SignInOutcome;

#[derive(Serialize)]
pub struct Reward {
    /// Award ID: a number, unlike other IDs of this wire.
    reward_id: i64,
}

/// Signs the user in for the current business day.
///
/// # Errors
/// Status 2 or 3 without a valid session key, and the status of a rejected sign-in.
pub async fn sign_in_today(call: &Call<'_>) -> Result<Reward, CallError> {
    let user = call.user().await?;
    match call.state.sign_ins.sign_in(user, call.moment).await? {
        SignInOutcome::SignedIn(awards) => Ok(Reward {
            reward_id: awards.award.id.0,
        }),
        SignInOutcome::AlreadySignedIn(_) => Err(Status::of(&SignInRejection::AlreadySignedIn).into()),
        SignInOutcome::Closed => Err(Status::of(&SignInRejection::Closed).into()),
        SignInOutcome::BudgetSpent => Err(Status::of(&SignInRejection::BudgetSpent).into()),
    }
}
