//! What can be asked.

use async_graphql::{Context, ID, Object, Result};

use super::clock::Clock;
use super::invitation_preview::{InvitationPreview, look};
use super::me::Customer;
use super::node::{self, Node};
use super::reservation::Reservation;
use super::word::WordDraw;
use crate::graphql::errors::bad_user_input;
use crate::graphql::{NullableField, RequestContext};

/// The most ids that `nodes` takes.
const MAX_NODES: usize = 100;
/// What a preview costs of a query's complexity. Each is a transaction of its own that waits for the ones before it, so a
/// request has room for hardly more than a user may have.
const PREVIEW_COST: usize = 200;

pub struct Query;

/// What can be asked.
#[Object]
impl Query {
    /// The user whose session key the request carries; null without one.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// The service's clock and business day. Clients need no calendar of their own.
    async fn clock(&self, ctx: &Context<'_>) -> Option<Clock> {
        Some(Clock::of(RequestContext::of(ctx)))
    }

    /// The reservation campaign of this key, for anybody; null when there is none. The legacy method is
    /// `customer/subscribe_counts`.
    async fn reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign's key; case and outer spaces do not matter.")] key: String,
    ) -> NullableField<Reservation> {
        Reservation::of_key(RequestContext::of(ctx), &key).await
    }

    /// The draw of a word campaign, for anybody, from the moment the campaign is made; null when there is none of this id.
    async fn word_draw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draw's id, such as `word_7`, as `submitWord` answers it.")] id: ID,
    ) -> NullableField<WordDraw> {
        WordDraw::of_id(RequestContext::of(ctx), &id).await
    }

    /// Whom an invitation code belongs to and whether the user can bind it, before the one binding is spent. Needs a session
    /// key. Every look counts, whatever it finds: after 20 within ten minutes the user has to wait, which is an entry of
    /// `userErrors` with the code `TOO_MANY_TRIES`.
    #[graphql(complexity = "PREVIEW_COST + child_complexity")]
    async fn preview_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The code, in whatever spelling: case and outer spaces do not matter, O is 0, I and L are 1."
        )]
        code: String,
    ) -> NullableField<InvitationPreview> {
        Some(look(RequestContext::of(ctx), &code).await)
    }

    /// The object with this id; null when there is none, or when the user cannot reach it from `me`.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An id that an earlier answer contained.")] id: ID,
    ) -> NullableField<Node> {
        node::reach(RequestContext::of(ctx), &id).await
    }

    /// The objects with these ids, in their order; null in the place of each that does not exist or that the user cannot reach
    /// from `me`.
    #[graphql(complexity = "5 + ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Ids that earlier answers contained, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<NullableField<Node>>> {
        if ids.len() > MAX_NODES {
            return Err(bad_user_input(format!("Send at most {MAX_NODES} ids at once.")));
        }
        let scope = RequestContext::of(ctx);
        Ok(futures_util::future::join_all(ids.iter().map(|id| node::reach(scope, id))).await)
    }
}
