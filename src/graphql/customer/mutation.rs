//! What can be done.

use async_graphql::{Context, Object, Result};

use super::award::Award;
use super::invitation::Invitation;
use super::me::Customer;
use super::reservation::{Act, ReservePayload, act};
use super::user_error::UserError;
use super::word::{SubmitWordPayload, submit};
use crate::domain::invitation::{Invitation as DomainInvitation, InvitationRejection};
use crate::graphql::{NullableField, RequestContext};
use crate::service::set_invitation::set_invitation;
use crate::service::sign_in_today::{SignInAwards, SignInOutcome};

pub struct Mutation;

/// What can be done.
#[Object]
impl Mutation {
    /// Signs the user in for this business day and awards it. Doing so again changes nothing and answers with the same award.
    /// The legacy method `customer/sign_in_today`.
    async fn sign_in_today(&self, ctx: &Context<'_>) -> NullableField<SignInTodayPayload> {
        Some(sign_in(RequestContext::of(ctx)).await)
    }

    /// Binds the code of the user's inviter, once and permanently. Binding the same code again changes nothing and succeeds. A
    /// code that cannot be bound counts like a look by `previewInvitation`: after 20 within ten minutes the user has to wait.
    /// The legacy method `customer/set_invitation`.
    async fn set_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The inviter's code, in whatever spelling: case, width, invisible characters and outer spaces do not matter, O is 0, I and L are 1."
        )]
        parent_code: String,
    ) -> NullableField<SetInvitationPayload> {
        Some(bind(RequestContext::of(ctx), &parent_code).await)
    }

    /// Claims the user's share of the campaign that a word belongs to, once. A word of no campaign counts as a wrong try: after five
    /// within ten minutes the user has to wait. The word of a campaign that has not opened yet is answered in the same way, but not
    /// counted. The legacy method `customer/submit_word`.
    async fn submit_word(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The word, in whatever spelling: case, width, invisible characters and outer spaces do not matter."
        )]
        word: String,
    ) -> NullableField<SubmitWordPayload> {
        Some(submit(RequestContext::of(ctx), &word).await)
    }

    /// Reserves a place in a campaign, one a user. Reserving again changes nothing and succeeds, also when the campaign is full or
    /// over by then.
    async fn reserve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign's key; case and outer spaces do not matter.")] key: String,
    ) -> NullableField<ReservePayload> {
        Some(act(RequestContext::of(ctx), Act::Reserve, key).await)
    }

    /// Gives the user's place in a campaign back, as long as the campaign is neither closed nor launched. Without a place it
    /// changes nothing and succeeds.
    async fn cancel_reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign's key; case and outer spaces do not matter.")] key: String,
    ) -> NullableField<ReservePayload> {
        Some(act(RequestContext::of(ctx), Act::Cancel, key).await)
    }
}

async fn sign_in(scope: &RequestContext) -> Result<SignInTodayPayload> {
    // Takes no slot: sign-ins are made in batches, so none of them waits with a connection of its own.
    let user = scope.require_viewer()?;
    let outcome = scope
        .sign_ins
        .sign_in(user, scope.moment)
        .await
        .map_err(|error| scope.write_failed(&error))?;
    match outcome {
        SignInOutcome::SignedIn(awards) => Ok(SignInTodayPayload {
            awards: Some(awards),
            user_errors: Vec::new(),
        }),
        SignInOutcome::AlreadySignedIn(awards) => {
            let user_errors = vec![UserError::already_signed_in(awards.award.clone().into(), scope)];
            Ok(SignInTodayPayload {
                awards: Some(awards),
                user_errors,
            })
        }
        SignInOutcome::Closed => Ok(SignInTodayPayload {
            awards: None,
            user_errors: vec![UserError::sign_in_closed(scope)],
        }),
    }
}

async fn bind(scope: &RequestContext, code: &str) -> Result<SetInvitationPayload> {
    let (user, _slot) = scope.acting_viewer().await?;
    let outcome = set_invitation(&scope.pool, user, code, scope.moment)
        .await
        .map_err(|error| scope.write_failed(&error))?;
    Ok(SetInvitationPayload { outcome })
}

/// What `signInToday` did.
pub struct SignInTodayPayload {
    /// `None` while signing in is closed and was not done today.
    awards: Option<SignInAwards>,
    user_errors: Vec<UserError>,
}

/// What `signInToday` did.
#[Object]
impl SignInTodayPayload {
    /// The user after the sign-in.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// The award of today's sign-in, also when it was there before; null when signing in is closed.
    async fn award(&self) -> Option<Award> {
        Some(self.awards.as_ref()?.award.clone().into())
    }

    /// What the length that the streak reached earned on top; empty where no rule pays a bonus for it.
    async fn bonus_awards(&self) -> Vec<Award> {
        let bonuses = self.awards.iter().flat_map(|awards| &awards.bonuses);
        bonuses.cloned().map(Award::from).collect()
    }

    /// What the person can set right; empty when it was done.
    async fn user_errors(&self) -> &[UserError] {
        &self.user_errors
    }
}

/// What `setInvitation` did.
pub struct SetInvitationPayload {
    outcome: std::result::Result<DomainInvitation, InvitationRejection>,
}

/// What `setInvitation` did.
#[Object]
impl SetInvitationPayload {
    /// The user after the binding.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// The user's invitation as it now is, also when nothing was bound.
    async fn invitation(&self, ctx: &Context<'_>) -> NullableField<Invitation> {
        let scope = RequestContext::of(ctx);
        match &self.outcome {
            Ok(invitation) => Some(Ok(invitation.clone().into())),
            Err(_) => Customer::new(scope.viewer?).own_invitation(ctx).await,
        }
    }

    /// What the person can set right; empty when it was done.
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<UserError> {
        let scope = RequestContext::of(ctx);
        self.outcome
            .as_ref()
            .err()
            .map(|refusal| UserError::invitation(*refusal, "parentCode", scope))
            .into_iter()
            .collect()
    }
}
