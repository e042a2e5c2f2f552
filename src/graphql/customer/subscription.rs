//! What can be followed.

use async_graphql::{Context, Result, Subscription};
use futures_util::{Stream, StreamExt};

use super::award::Award;
use crate::domain::award::{Award as DomainAward, ChangePosition};
use crate::graphql::errors::bad_user_input;
use crate::graphql::scope::SubscriptionStarted;
use crate::graphql::{RequestContext, cursor};

pub struct Subscription;

/// What can be followed.
#[Subscription]
impl Subscription {
    /// Every award of the user whenever it is made or its status moves, in the order of the changes. Needs a session key. An
    /// award that changed several times before it could be sent comes once, as it is then. To miss nothing over a lost
    /// connection, subscribe again with `after`; to miss nothing at the beginning, subscribe first and query then.
    async fn award_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The `changeCursor` of the last award that was received: changes after it come at once. Left out, \
                    what changes from now on comes, and perhaps what changed a moment before. After the service was \
                    restored from a backup everything may come again."
        )]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Award> + use<>> {
        let scope = RequestContext::of(ctx);
        let user = scope.require_viewer()?;
        let after = after.map(|text| position(&text)).transpose()?;
        let changes = scope.award_changes.subscribe(user, after).await;
        let changes = changes.map_err(|error| scope.not_subscribed(&error))?;
        SubscriptionStarted::tell(ctx);
        Ok(changes.map(|award| DomainAward::clone(&award).into()))
    }
}

fn position(cursor: &str) -> Result<ChangePosition> {
    cursor::decode(cursor).ok_or_else(|| {
        bad_user_input(
            "The argument \"after\" is not a change cursor. Pass the changeCursor of an award, or leave it out.",
        )
    })
}
