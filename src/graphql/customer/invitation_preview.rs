//! What an invitation code would bind, before it is bound.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::user_error::UserError;
use crate::domain::invitation::InvitationRejection;
use crate::graphql::RequestContext;
use crate::service::preview_invitation::{Binding, Preview, preview_invitation};

/// The argument that its errors are about.
const ARGUMENT: &str = "code";

/// Looks at a code for the viewer; every look counts.
pub(super) async fn look(scope: &RequestContext, code: &str) -> Result<InvitationPreview> {
    let (user, _slot) = scope.acting_viewer().await?;
    let preview = preview_invitation(&scope.pool, user, code, scope.moment)
        .await
        .map_err(|error| scope.write_failed(&error))?;
    Ok(InvitationPreview { preview })
}

/// Whom an invitation code belongs to, and whether it can be bound.
pub struct InvitationPreview {
    preview: Preview,
}

/// The owner of an invitation code, as everybody may see them.
#[derive(SimpleObject)]
struct Inviter {
    /// The name that the host application reported; null while there is none.
    name: Option<String>,
    /// The address of the portrait that the host application reported; null while there is none.
    portrait_uri: Option<String>,
}

/// Whom an invitation code belongs to, and whether it can be bound.
#[Object]
impl InvitationPreview {
    /// The owner of the code, also when it cannot be bound; null when nobody has it, and when the user looked too often.
    async fn inviter(&self) -> Option<Inviter> {
        match &self.preview {
            Preview::Known { inviter, .. } => Some(Inviter {
                name: inviter.name.clone(),
                portrait_uri: inviter.portrait_uri.clone(),
            }),
            Preview::Unknown | Preview::TooManyTries { .. } => None,
        }
    }

    /// Whether `setInvitation` would bind the code now. False also when it is bound already: then nothing is left to do.
    async fn can_bind(&self) -> bool {
        self.binding() == Some(Binding::Possible)
    }

    /// Whether this code's owner is the user's inviter already.
    async fn is_bound(&self) -> bool {
        self.binding() == Some(Binding::Done)
    }

    /// Why the code cannot be bound; empty when it can be, or is.
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<UserError> {
        let scope = RequestContext::of(ctx);
        let error = match &self.preview {
            Preview::Unknown => UserError::invitation(InvitationRejection::CodeUnknown, ARGUMENT, scope),
            Preview::TooManyTries { until } => UserError::too_many_tries(*until, ARGUMENT, scope),
            Preview::Known {
                binding: Binding::Refused(refusal),
                ..
            } => UserError::invitation(*refusal, ARGUMENT, scope),
            Preview::Known { .. } => return Vec::new(),
        };
        vec![error]
    }
}

impl InvitationPreview {
    fn binding(&self) -> Option<Binding> {
        match &self.preview {
            Preview::Known { binding, .. } => Some(*binding),
            Preview::Unknown | Preview::TooManyTries { .. } => None,
        }
    }
}
