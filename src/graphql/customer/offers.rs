//! Offers of the rule catalogue: bonuses for streaks of sign-ins, and awards for invitations.

use async_graphql::{Context, Result, SimpleObject};

use crate::domain::award::AwardType;
use crate::graphql::RequestContext;
use crate::graphql::award_kinds::InviteParty;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::loaders::Offer;
use crate::loaders::me::offers::ReadOffers;

/// Reads the enabled rules of a type.
///
/// # Errors
/// If there is no viewer, or the database fails.
pub(super) async fn offers(ctx: &Context<'_>, award_type: AwardType) -> Result<Vec<Offer>> {
    let context = RequestContext::of(ctx);
    let user = context.require_viewer().await?;
    let mut offers = context.state.reads.read(user, ReadOffers).await?;
    offers.retain(|offer| offer.award_type == award_type);
    Ok(offers)
}

/// A bonus for consecutive sign-ins.
#[derive(SimpleObject)]
pub(super) struct SignInBonus {
    /// Item of the bonus, as in its awards.
    item: String,
    /// Title to be shown, in the language of the request or else in the other one; null if there is none.
    title: Option<String>,
    /// Description to be shown, in the language of the request or else in the other one; null if there is none.
    description: Option<String>,
    /// Where to read more: an https URL, or a deep link into the app; null if there is none.
    link: Option<String>,
    /// Amount of the bonus, or its minimum if the amount is drawn.
    amount: Decimal,
    /// Maximum amount of the bonus, if the amount is drawn each time; null if it is always `amount`.
    max_amount: Option<Decimal>,
    /// Host application's coin ID.
    coin_id: String,
    /// Number of consecutive sign-ins that earns the bonus.
    streak_length: i64,
    /// True if each multiple of `streakLength` earns the bonus again.
    repeats: bool,
    /// Number of further consecutive sign-ins until the bonus; null if the streak is beyond it.
    sign_ins_left: Option<i64>,
    /// Start of the offer; null if it has no start.
    opens_at: Option<DateTime>,
    /// End of the offer; null if it has no end.
    closes_at: Option<DateTime>,
    /// True if the bonus is paid at the time of the request.
    open: bool,
}

impl SignInBonus {
    /// Returns a bonus, with its distance from a streak.
    pub fn new(offer: Offer, streak: i32, context: &RequestContext) -> Self {
        Self {
            sign_ins_left: offer.sign_ins_left(streak.into()),
            open: offer.is_open(context.moment.at),
            title: offer.texts.title(context.language).map(str::to_owned),
            description: offer.texts.description(context.language).map(str::to_owned),
            link: offer.texts.link,
            item: offer.item,
            amount: Decimal(offer.amount),
            max_amount: offer.amount_max.map(Decimal),
            coin_id: offer.coin_id,
            streak_length: offer.streak_length.unwrap_or_default(),
            repeats: offer.streak_repeats,
            opens_at: offer.opens_at.map(DateTime),
            closes_at: offer.closes_at.map(DateTime),
        }
    }
}

/// An award for inviting others.
#[derive(SimpleObject)]
pub(super) struct InvitationOffer {
    /// Item of the offer, as in its awards.
    item: String,
    /// Title to be shown, in the language of the request or else in the other one; null if there is none.
    title: Option<String>,
    /// Description to be shown, in the language of the request or else in the other one; null if there is none.
    description: Option<String>,
    /// Where to read more: an https URL, or a deep link into the app; null if there is none.
    link: Option<String>,
    /// Amount of one award, or its minimum if the amount is drawn.
    amount: Decimal,
    /// Maximum amount, if the amount is drawn each time; null if it is always `amount`.
    max_amount: Option<Decimal>,
    /// Host application's coin ID.
    coin_id: String,
    /// User whom the offer pays.
    pays: InviteParty,
    /// Items of tasks that the invitee must do after binding the code, each at least once. An item that can be done only
    /// once also counts if it was done before.
    required_items: Vec<String>,
    /// Number of business days on which the invitee must sign in after binding the code; null if none is required.
    sign_in_days: Option<i32>,
    /// Number of business days, from the day of the binding on, in which the invitee must meet these conditions; null if
    /// there is no limit.
    within_days: Option<i32>,
    /// Maximum age of the invitee's account when the code is bound, in days of 24 hours; null if there is no limit.
    max_account_age_days: Option<i32>,
    /// Number of invitees who must meet the conditions for the award, which is then paid once; null if each of them earns
    /// an award.
    friends: Option<i32>,
    /// Maximum number of these awards per user; null if unlimited.
    lifetime_limit: Option<i32>,
    /// Maximum number of these awards per user and business day; null if unlimited.
    daily_limit: Option<i64>,
    /// Seconds from the award to its settlement.
    hold_seconds: i64,
    /// Start of the offer; null if it has no start.
    opens_at: Option<DateTime>,
    /// End of the offer; null if it has no end.
    closes_at: Option<DateTime>,
    /// True if the offer is paid at the time of the request.
    open: bool,
}

impl InvitationOffer {
    /// Returns an offer with its state at the time of the request.
    pub fn new(offer: Offer, context: &RequestContext) -> Self {
        Self {
            open: offer.is_open(context.moment.at),
            title: offer.texts.title(context.language).map(str::to_owned),
            description: offer.texts.description(context.language).map(str::to_owned),
            link: offer.texts.link,
            item: offer.item,
            amount: Decimal(offer.amount),
            max_amount: offer.amount_max.map(Decimal),
            coin_id: offer.coin_id,
            pays: offer.invite.pays.into(),
            required_items: offer.invite.required_items,
            sign_in_days: offer.invite.sign_in_days,
            within_days: offer.invite.within_days,
            max_account_age_days: offer.invite.max_account_age_days,
            friends: offer.invite.friends,
            lifetime_limit: offer.invite.lifetime_limit,
            daily_limit: offer.daily_limit,
            hold_seconds: offer.hold_seconds,
            opens_at: offer.opens_at.map(DateTime),
            closes_at: offer.closes_at.map(DateTime),
        }
    }
}
