//! Preview of an invitation code before it is bound.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::user_error::UserError;
use crate::domain::invitation::InvitationRejection;
use crate::graphql::RequestContext;
use crate::service::preview_invitation::{Binding, Preview, preview_invitation};

/// Argument named in the errors.
const ARGUMENT: &str = "code";

/// Previews a code for the viewer; every preview counts towards the limit.
///
/// # Errors
/// Without a session, with too many concurrent writes of the user, or if the database fails.
pub(super) async fn look(context: &RequestContext, code: &str) -> Result<InvitationPreview> {
    let (user, _slot) = context.acting_viewer().await?;
    let preview = preview_invitation(context.pool(), user, code, context.moment).await?;
    Ok(InvitationPreview { preview })
}

/// Owner of an invitation code, and the possibility to bind it.
pub struct InvitationPreview {
    preview: Preview,
}

/// Public data of the owner of an invitation code.
#[derive(SimpleObject)]
struct Inviter {
    /// Name reported by the host application; null if there is none.
    name: Option<String>,
    /// Portrait address reported by the host application; null if there is none.
    portrait_uri: Option<String>,
}

/// Owner of an invitation code, and whether the user can bind it.
#[Object]
impl InvitationPreview {
    /// Owner of the code, even if it cannot be bound; null if the code is unknown or the user made too many attempts.
    async fn inviter(&self) -> Option<Inviter> {
        match &self.preview {
            Preview::Known { inviter, .. } => Some(Inviter {
                name: inviter.name.clone(),
                portrait_uri: inviter.portrait_uri.clone(),
            }),
            Preview::Unknown | Preview::TooManyTries(_) => None,
        }
    }

    /// True if `setInvitation` would bind the code now; false if the code is already bound.
    async fn can_bind(&self) -> bool {
        self.binding() == Some(Binding::Possible)
    }

    /// True if the owner of the code is already the user's inviter.
    async fn is_bound(&self) -> bool {
        self.binding() == Some(Binding::Done)
    }

    /// Why the code cannot be bound; empty if it can be, or if it is already bound.
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<UserError> {
        let context = RequestContext::of(ctx);
        let error = match &self.preview {
            Preview::Unknown => UserError::invitation(InvitationRejection::CodeUnknown, ARGUMENT, context),
            Preview::TooManyTries(tries) => UserError::invitation((*tries).into(), ARGUMENT, context),
            Preview::Known {
                binding: Binding::Refused(refusal),
                ..
            } => UserError::invitation(*refusal, ARGUMENT, context),
            Preview::Known { .. } => return Vec::new(),
        };
        vec![error]
    }
}

impl InvitationPreview {
    fn binding(&self) -> Option<Binding> {
        match &self.preview {
            Preview::Known { binding, .. } => Some(*binding),
            Preview::Unknown | Preview::TooManyTries(_) => None,
        }
    }
}
