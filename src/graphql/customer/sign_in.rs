//! Status of a user's daily sign-in.

use async_graphql::{ComplexObject, Context, SimpleObject};

use super::award::Award;
use super::forgiveness::{SignInCalendar, SignInFreezes, calendar, freezes, streak_record};
use super::offers::{SignInBonus, offers};
use crate::domain::award::AwardType;
use crate::graphql::NullableField;
use crate::graphql::RequestContext;
use crate::graphql::paging::list_cost;
use crate::graphql::scalars::{Date, DateTime};
use crate::loaders::SignIn;

/// Status of the user's daily sign-in.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct SignInStatus {
    /// True if the user has signed in on this business day.
    signed_in_today: bool,
    /// Number of consecutive business days with a sign-in or made up, up to today or yesterday; 0 if the user missed a day
    /// since then. Days that are bridged or covered by freezes do not end a streak, and are not counted.
    streak: i32,
    /// Award of today's sign-in; null before it.
    award: Option<Award>,
    /// Next time at which the user can sign in; null if today's sign-in is still open.
    next_sign_in_at: Option<DateTime>,
}

impl SignInStatus {
    pub fn new(sign_in: SignIn, context: &RequestContext) -> Self {
        let signed_in_today = sign_in.award.is_some();
        Self {
            signed_in_today,
            streak: sign_in.streak_after(context.state.calendar.day_before(context.moment.day)),
            award: sign_in.award.map(Award::from),
            next_sign_in_at: signed_in_today.then(|| DateTime(context.next_day_at())),
        }
    }
}

#[ComplexObject]
impl SignInStatus {
    /// Bonuses for consecutive sign-ins, the shortest streak first.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn bonuses(&self, ctx: &Context<'_>) -> NullableField<Vec<SignInBonus>> {
        let context = RequestContext::of(ctx);
        let bonus = |offer| SignInBonus::new(offer, self.streak, context);
        let found = offers(ctx, AwardType::Bonus).await;
        Some(found.map(|offers| offers.into_iter().map(bonus).collect()))
    }

    /// Length of the user's longest streak, including the current one; 0 before the first sign-in.
    async fn longest_streak(&self, ctx: &Context<'_>) -> NullableField<i64> {
        Some(streak_record(ctx).await.map(|record| record.longest))
    }

    /// Freezes of the user; null if sign-ins earn none.
    async fn freezes(&self, ctx: &Context<'_>) -> NullableField<SignInFreezes> {
        streak_record(ctx).await.map(|record| freezes(&record)).transpose()
    }

    /// Days of a month, each with its state for the streak.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any day of the month; the current month if omitted.")] month: Option<Date>,
    ) -> NullableField<SignInCalendar> {
        Some(calendar(ctx, month).await)
    }
}
