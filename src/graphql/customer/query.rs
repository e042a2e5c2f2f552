//! Queries of the customer API. Large futures are boxed, as in [`super::mutation`].

use async_graphql::{Context, ID, Object, Result};
use futures_util::FutureExt;

use super::clock::Clock;
use super::invitation_preview::{InvitationPreview, look};
use super::me::Customer;
use super::node::{self, Node};
use super::reservation::Reservation;
use super::word::WordDraw;
use crate::graphql::errors::bad_user_input;
use crate::graphql::{NullableField, RequestContext};

/// Maximum number of IDs for `nodes`.
const MAX_NODES: usize = 100;
/// Complexity of one preview. Each preview is a separate transaction that waits for the user's earlier ones, so the
/// cost limits a request to about as many previews as a user may make.
const PREVIEW_COST: usize = 200;

pub struct Query;

/// Queries of the customer API.
#[Object]
impl Query {
    /// The user of the request's session key; null without one.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// Server time and business day. Clients need no calendar logic.
    async fn clock(&self, ctx: &Context<'_>) -> Option<Clock> {
        Some(Clock::of(RequestContext::of(ctx)))
    }

    /// Returns the reservation campaign with this key; null if there is none. Needs no session key. The legacy method
    /// is `customer/subscribe_counts`.
    async fn reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the campaign. Case and leading and trailing spaces are ignored.")] key: String,
    ) -> NullableField<Reservation> {
        Reservation::of_key(RequestContext::of(ctx), &key).boxed().await
    }

    /// Returns the draw of a word campaign, available from the creation of the campaign; null if the ID is unknown.
    /// Needs no session key.
    async fn word_draw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Draw ID such as `word_7`, as returned by `submitWord`.")] id: ID,
    ) -> NullableField<WordDraw> {
        WordDraw::of_id(RequestContext::of(ctx), &id).boxed().await
    }

    /// Returns the owner of an invitation code and whether the user can bind it, before the user makes the permanent
    /// binding. Needs a session key. Every preview counts, regardless of its result: after 20 within ten minutes the
    /// user has to wait, which is reported in `userErrors` with the code `TOO_MANY_TRIES`.
    #[graphql(complexity = "PREVIEW_COST + child_complexity")]
    async fn preview_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Invitation code. Case and leading and trailing spaces are ignored; O is read as 0, I and L as 1."
        )]
        code: String,
    ) -> NullableField<InvitationPreview> {
        Some(look(RequestContext::of(ctx), &code).boxed().await)
    }

    /// Returns the object with this ID; null if it does not exist or the user cannot reach it from `me`.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID from an earlier reply.")] id: ID,
    ) -> NullableField<Node> {
        node::reach(RequestContext::of(ctx), &id).boxed().await
    }

    /// Returns the objects with these IDs, in the same order; null for each object that does not exist or that the user
    /// cannot reach from `me`.
    #[graphql(complexity = "5 + ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "IDs from earlier replies, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<NullableField<Node>>> {
        if ids.len() > MAX_NODES {
            return Err(bad_user_input(format!("Send at most {MAX_NODES} ids at once.")));
        }
        let context = RequestContext::of(ctx);
        Ok(
            futures_util::future::join_all(ids.iter().map(|id| node::reach(context, id)))
                .boxed()
                .await,
        )
    }
}
