//! Where a user is with signing in.

use async_graphql::SimpleObject;

use super::award::Award;
use crate::graphql::RequestContext;
use crate::graphql::scalars::DateTime;
use crate::loaders::SignIn;

/// Where the user is with the daily sign-in.
#[derive(SimpleObject)]
pub(super) struct SignInStatus {
    /// Whether the user has signed in on this business day.
    signed_in_today: bool,
    /// On how many business days in a row the user has signed in, up to today or yesterday; 0 when yesterday was missed.
    streak: i32,
    /// The award of today's sign-in; null before it.
    award: Option<Award>,
    /// When the user can sign in again; null while today's sign-in has still to be done.
    next_sign_in_at: Option<DateTime>,
}

impl SignInStatus {
    pub fn new(sign_in: SignIn, scope: &RequestContext) -> Self {
        let signed_in_today = sign_in.award.is_some();
        Self {
            signed_in_today,
            streak: sign_in.streak_after(scope.calendar.day_before(scope.moment.day)),
            award: sign_in.award.map(Award::from),
            next_sign_in_at: signed_in_today.then(|| DateTime(scope.next_day_at())),
        }
    }
}
