//! Freezes, make-up sign-ins, and the calendar of a month that shows them.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};

use super::flat::FlatList;
use super::me::Customer;
use super::user_error::UserError;
use crate::domain::award::Award;
use crate::domain::make_up::{MakeUpRejection, month_of};
use crate::domain::sign_in_calendar::{self as domain, CalendarDay};
use crate::graphql::RequestContext;
use crate::graphql::scalars::Date;
use crate::loaders::me::forgiveness::{ReadSignInMonth, ReadStreakRecord};
use crate::loaders::{Part, StreakRecord};
use crate::service::make_up_sign_in::make_up_sign_in;

/// Freezes of a user: each covers one missed day, so that the streak goes on.
#[derive(SimpleObject)]
pub(super) struct SignInFreezes {
    /// Number of freezes that the user holds, without those that cover missed days now.
    held: i64,
    /// Number of freezes that a user can hold.
    max: i32,
    /// Number of days of a streak that earn a freeze: each multiple of it earns one.
    earned_every: i32,
}

/// State of a day for the user's streak.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::DayState")]
pub(super) enum SignInDayState {
    /// The user signed in.
    SignedIn,
    /// The user made the day up; it counts in the streak like a sign-in.
    MadeUp,
    /// A freeze covers the day: the streak goes on, but does not count it.
    Frozen,
    /// The service was out of order: the streak of every user goes on, but does not count the day.
    Bridged,
    /// The user did not sign in.
    Missed,
    /// The day is today, and the user has not signed in yet.
    Open,
    /// The day is in the future.
    Upcoming,
    /// The account did not exist yet.
    BeforeAccount,
}

/// A day of the calendar.
#[derive(SimpleObject)]
pub(super) struct SignInDay {
    /// Calendar day.
    date: Date,
    /// State of the day for the user's streak.
    state: SignInDayState,
    /// True if the user can make the day up with `makeUpSignIn` at the time of the request.
    can_make_up: bool,
}

/// The days of a month.
#[derive(SimpleObject)]
pub(super) struct SignInCalendar {
    /// All days of the month, in order.
    days: Vec<SignInDay>,
    /// Number of days back that can be made up; 0 if there are no make-up sign-ins at the moment.
    make_up_days: i32,
    /// Number of days of each calendar month that can be made up; 0 if there are no make-up sign-ins at the moment.
    make_ups_per_month: i32,
    /// Number of days of this month that the user can still make up.
    make_ups_left: i64,
}

async fn read<P: Part>(ctx: &Context<'_>, part: P) -> Result<P::Value> {
    let context = RequestContext::of(ctx);
    let user = context.require_viewer().await?;
    Ok(context.state.reads.read(user, part).await?)
}

/// Returns the longest streak and the freezes of the viewer.
///
/// # Errors
/// If there is no viewer, or the database fails.
pub(super) async fn streak_record(ctx: &Context<'_>) -> Result<StreakRecord> {
    let day = RequestContext::of(ctx).moment.day;
    read(ctx, ReadStreakRecord { day }).await
}

/// Returns the freezes of the viewer; `None` if there are none.
pub(super) fn freezes(record: &StreakRecord) -> Option<SignInFreezes> {
    record.rule.map(|rule| SignInFreezes {
        held: record.freezes,
        max: rule.most,
        earned_every: rule.every,
    })
}

/// Returns the calendar of the month that contains a day.
///
/// # Errors
/// If there is no viewer, or the database fails.
pub(super) async fn calendar(ctx: &Context<'_>, month: Option<Date>) -> Result<SignInCalendar> {
    let context = RequestContext::of(ctx);
    let today = context.moment.day;
    let (first, last) = month_of(month.map_or(today, |day| day.0));
    let part = ReadSignInMonth {
        first,
        last,
        day: today,
        at: context.moment.at,
    };
    let month = read(ctx, part).await?;
    let account_day = month.created_at.map_or(today, |at| context.state.calendar.day_of(at));
    let facts = month.into_facts(today);
    let make_up = facts.make_up;
    let left = make_up.map_or(0, |rule| (i64::from(rule.per_month) - facts.made_up()).max(0));
    let shown = |day: CalendarDay| SignInDay {
        date: Date(day.day),
        state: day.state.into(),
        can_make_up: day.can_make_up,
    };
    Ok(SignInCalendar {
        days: facts
            .days((first, last), account_day, today)
            .into_iter()
            .map(shown)
            .collect(),
        make_up_days: make_up.map_or(0, |rule| rule.days),
        make_ups_per_month: make_up.map_or(0, |rule| rule.per_month),
        make_ups_left: left,
    })
}

/// Makes up a missed sign-in of the viewer.
///
/// # Errors
/// Without a session, with too many concurrent writes of the user, or if the database fails.
pub(super) async fn make_up(context: &RequestContext, day: Date) -> Result<MakeUpSignInPayload> {
    let (user, _slot) = context.acting_viewer().await?;
    let calendar = context.state.calendar;
    let made_up = make_up_sign_in(context.pool(), calendar, user, day.0, context.moment).await;
    let outcome = match made_up {
        Ok(made_up) => Ok(made_up.state),
        Err(failure) => Err(failure.rejection()?),
    };
    Ok(MakeUpSignInPayload { outcome })
}

/// Result of `makeUpSignIn`.
pub struct MakeUpSignInPayload {
    /// Bonuses that were earned.
    outcome: std::result::Result<Vec<Award>, MakeUpRejection>,
}

/// Result of `makeUpSignIn`.
#[Object]
impl MakeUpSignInPayload {
    /// The user after the operation.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// Bonus awards for the lengths that the streak reached by the made-up day; empty if no rule pays a bonus for them,
    /// or if the day was made up before.
    async fn bonus_awards(&self) -> FlatList<Award> {
        FlatList(self.outcome.iter().flatten().cloned().collect())
    }

    /// Errors that the user can fix; empty on success.
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<UserError> {
        let context = RequestContext::of(ctx);
        let rejection = self.outcome.as_ref().err();
        let error = |rejection: &MakeUpRejection| UserError::make_up(*rejection, context);
        rejection.map(error).into_iter().collect()
    }
}
