//! Mutations of the customer API.
//!
//! Large futures are boxed: async-graphql allocates the future of a field with the size of the largest field of its type.

use async_graphql::{Context, Object, Result};
use futures_util::FutureExt;

use super::flat::{Flat, FlatList};
use super::forgiveness::{MakeUpSignInPayload, make_up};
use super::me::Customer;
use super::reservation::{Act, ReservePayload, act};
use super::user_error::UserError;
use super::word::{SubmitWordPayload, submit};
use crate::domain::award::Award;
use crate::domain::invitation::Invitation;
use crate::domain::sign_in::SignInRejection;
use crate::graphql::errors::AccessError;
use crate::graphql::scalars::Date;
use crate::graphql::{NullableField, RequestContext};
use crate::loaders::Viewer;
use crate::service::set_invitation::set_invitation;
use crate::service::sign_in_today::{SignInAwards, SignInOutcome};

pub struct Mutation;

/// Mutations of the customer API.
#[Object]
impl Mutation {
    /// Signs the user in for this business day and creates the award. Repeating it changes nothing and returns the same
    /// award. The legacy method `customer/sign_in_today`.
    async fn sign_in_today(&self, ctx: &Context<'_>) -> NullableField<SignInTodayPayload> {
        Some(sign_in(RequestContext::of(ctx)).await)
    }

    /// Makes up a missed sign-in of a past day, if the sign-in rule allows it: see `signIn.calendar`. The day counts in the
    /// streak like a sign-in. It pays no award of its own, but the bonuses for the lengths that the streak reaches.
    /// Repeating it changes nothing and succeeds.
    async fn make_up_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Day that the user missed.")] day: Date,
    ) -> NullableField<MakeUpSignInPayload> {
        Some(make_up(RequestContext::of(ctx), day).boxed().await)
    }

    /// Binds the code of the user's inviter, once and permanently. Binding the same code again changes nothing and
    /// succeeds. A code that cannot be bound counts as an attempt, like a `previewInvitation`: after 20 within ten
    /// minutes the user has to wait. The legacy method `customer/set_invitation`.
    async fn set_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Inviter's code. Case, width, invisible characters, and leading and trailing spaces are ignored; O is read as 0, I and L as 1."
        )]
        parent_code: String,
    ) -> NullableField<SetInvitationPayload> {
        Some(bind(RequestContext::of(ctx), &parent_code).boxed().await)
    }

    /// Claims the user's share of the campaign with this word, once per campaign. An unknown word counts as a failed
    /// attempt: after five within ten minutes the user has to wait. The word of a campaign that is not open yet gets
    /// the same reply, but is not counted. The legacy method `customer/submit_word`.
    async fn submit_word(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Word to submit. Case, width, invisible characters, and leading and trailing spaces are ignored."
        )]
        word: String,
    ) -> NullableField<SubmitWordPayload> {
        Some(submit(RequestContext::of(ctx), &word).boxed().await)
    }

    /// Reserves a place in a campaign, one per user. Repeating it changes nothing and succeeds, even if the campaign is
    /// full or over by then.
    async fn reserve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the campaign. Case and leading and trailing spaces are ignored.")] key: String,
    ) -> NullableField<ReservePayload> {
        Some(act(RequestContext::of(ctx), Act::Reserve, key).boxed().await)
    }

    /// Cancels the user's reservation, until the campaign is closed or launched. Without a reservation it changes
    /// nothing and succeeds.
    async fn cancel_reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the campaign. Case and leading and trailing spaces are ignored.")] key: String,
    ) -> NullableField<ReservePayload> {
        Some(act(RequestContext::of(ctx), Act::Cancel, key).boxed().await)
    }
}

async fn sign_in(context: &RequestContext) -> Result<SignInTodayPayload> {
    // No slot needed: sign-ins are batched, so a waiting one holds no connection.
    let outcome = match context.viewer.as_ref().and_then(Viewer::pending_key) {
        None => {
            let user = context.require_viewer().await?;
            context.state.sign_ins.sign_in(user, context.moment).await?
        }
        Some(key) => {
            let signed_in = context.state.sign_ins.sign_in_by_key(key, context.moment).await?;
            if let Some(viewer) = &context.viewer {
                viewer.found(signed_in.as_ref().map(|(user, _)| *user));
            }
            signed_in.ok_or(AccessError::Unauthenticated)?.1
        }
    };
    match outcome {
        SignInOutcome::SignedIn(awards) => Ok(SignInTodayPayload {
            awards: Some(awards),
            user_errors: Vec::new(),
        }),
        SignInOutcome::AlreadySignedIn(awards) => {
            let user_errors = vec![UserError::already_signed_in(awards.award.clone().into(), context)];
            Ok(SignInTodayPayload {
                awards: Some(awards),
                user_errors,
            })
        }
        SignInOutcome::Closed => Ok(SignInTodayPayload::closed(SignInRejection::Closed, context)),
        SignInOutcome::BudgetSpent => Ok(SignInTodayPayload::closed(SignInRejection::BudgetSpent, context)),
    }
}

async fn bind(context: &RequestContext, code: &str) -> Result<SetInvitationPayload> {
    let (user, _slot) = context.acting_viewer().await?;
    Ok(match set_invitation(context.pool(), user, code, context.moment).await {
        Ok(invitation) => SetInvitationPayload {
            invitation: Some(invitation),
            user_errors: Vec::new(),
        },
        Err(failure) => SetInvitationPayload {
            invitation: None,
            user_errors: vec![UserError::invitation(failure.rejection()?, "parentCode", context)],
        },
    })
}

/// Result of `signInToday`.
pub struct SignInTodayPayload {
    /// `None` if sign-in is closed and the user has not signed in today.
    awards: Option<SignInAwards>,
    user_errors: Vec<UserError>,
}

impl SignInTodayPayload {
    fn closed(rejection: SignInRejection, context: &RequestContext) -> Self {
        Self {
            awards: None,
            user_errors: vec![UserError::sign_in_closed(rejection, context)],
        }
    }
}

/// Result of `signInToday`.
#[Object]
impl SignInTodayPayload {
    /// The user after the sign-in.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// Award of today's sign-in, even if it was created before; null if sign-in is closed.
    async fn award(&self) -> Option<Flat<Award>> {
        Some(Flat(self.awards.as_ref()?.award.clone()))
    }

    /// Bonus awards for the streak length that was reached; empty if no rule pays a bonus for it.
    async fn bonus_awards(&self) -> FlatList<Award> {
        let bonuses = self.awards.iter().flat_map(|awards| &awards.bonuses);
        FlatList(bonuses.cloned().collect())
    }

    /// Errors that the user can fix; empty on success.
    async fn user_errors(&self) -> &[UserError] {
        &self.user_errors
    }
}

/// Result of `setInvitation`.
pub struct SetInvitationPayload {
    /// `None` if the request was rejected.
    invitation: Option<Invitation>,
    user_errors: Vec<UserError>,
}

/// Result of `setInvitation`.
#[Object]
impl SetInvitationPayload {
    /// The user after the binding.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// Current invitation of the user, even if nothing was bound.
    async fn invitation(&self, ctx: &Context<'_>) -> NullableField<Flat<Invitation>> {
        let context = RequestContext::of(ctx);
        match &self.invitation {
            Some(invitation) => Some(Ok(Flat(invitation.clone()))),
            None => match context.require_viewer().await {
                Ok(user) => Customer::new(user).own_invitation(ctx).await,
                Err(error) => Some(Err(error)),
            },
        }
    }

    /// Errors that the user can fix; empty on success.
    async fn user_errors(&self) -> &[UserError] {
        &self.user_errors
    }
}
