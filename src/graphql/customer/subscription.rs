//! Subscriptions of the customer API.

use async_graphql::{Context, Result, Subscription};
use futures_util::{Stream, StreamExt};

use super::award::Award;
use crate::domain::award::{Award as DomainAward, ChangePosition};
use crate::graphql::context::SubscriptionStarted;
use crate::graphql::errors::bad_user_input;
use crate::graphql::{RequestContext, cursor};

pub struct Subscription;

/// Subscriptions of the customer API.
#[Subscription]
impl Subscription {
    /// Sends every award of the user that is created or changes its status, in the order of the changes. Needs a
    /// session key. An award that changes several times before it is sent is sent once, in its latest state. To miss no
    /// change after a lost connection, subscribe again with `after`; to miss none at the start, subscribe first and
    /// query afterwards.
    async fn award_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "`changeCursor` of the last award received: all later changes are sent immediately. If omitted, \
                    changes from now on are sent, possibly with some from the last moments. After a restore from a \
                    backup, all changes may be sent again."
        )]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Award> + use<>> {
        let context = RequestContext::of(ctx);
        let user = context.require_viewer().await?;
        let after = after.map(|text| position(&text)).transpose()?;
        let changes = context.state.award_changes.subscribe(user, after).await?;
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
