//! Words: claiming a share, and checking how the shares were drawn.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use data_encoding::HEXLOWER;

use super::award::Award;
use super::me::Customer;
use super::user_error::UserError;
use crate::domain::word::{self as domain, WordCampaign, WordRefusal};
use crate::domain::word_draw::PublishedDraw;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::{Maybe, RequestScope};
use crate::read::words;
use crate::service::submit_word::{WordClaim, submit_word};

/// What the id of a draw begins with.
const ID_PREFIX: &str = "word_";

/// What a list of shares costs of a query's complexity: there may be 100,000, and nobody needs more than two lists at once.
const SHARES_COST: usize = 2_000;

/// How an amount was split into shares.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Split")]
enum Split {
    /// Equal shares.
    Fixed,
    /// Any split, each as likely.
    Random,
}

/// The draw of a word campaign. Its hash is told from the beginning, nonce and shares after the end: whoever kept the hash can
/// check that nothing was changed since, and that the shares are those that the nonce draws (`newbee word verify`).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct WordDraw {
    /// The draw's id, such as `word_7`. It is read again by `wordDraw`, not by `node`.
    id: ID,
    /// What all shares are worth together.
    amount: Decimal,
    /// The host application's own id of the coin.
    coin_id: String,
    /// How many shares there are.
    share_count: i32,
    /// How many shares were claimed.
    claimed_count: i32,
    /// How the amount was split.
    split: Split,
    /// When the first share can be claimed.
    opens_at: DateTime,
    /// From when on no share can be claimed.
    closes_at: DateTime,
    /// SHA-256 of nonce and shares, in 64 hexadecimal digits: over the lines `newbee word draw 1`, the nonce, and each share
    /// with four decimal places, each line ended by a line feed.
    hash: String,
    #[graphql(skip)]
    campaign: WordCampaign,
}

#[ComplexObject]
impl WordDraw {
    /// What everything was drawn from, in 64 hexadecimal digits; null until the campaign is over or all shares are claimed.
    async fn nonce(&self, ctx: &Context<'_>) -> Option<String> {
        self.is_revealed(ctx)
            .then(|| HEXLOWER.encode(&self.campaign.draw_nonce))
    }

    /// The shares in the order in which they are claimed; null until the campaign is over or all shares are claimed.
    #[graphql(complexity = "SHARES_COST")]
    async fn shares(&self, ctx: &Context<'_>) -> Maybe<Vec<Decimal>> {
        if !self.is_revealed(ctx) {
            return None;
        }
        let scope = RequestScope::of(ctx);
        let draw = words::draw_of(&scope.pool, &self.campaign).await;
        Some(
            draw.map(|draw: PublishedDraw| draw.draw.shares.into_iter().map(Decimal).collect())
                .map_err(|error| scope.read_failed(&error)),
        )
    }
}

impl WordDraw {
    /// The draw of an id; `None` when there is none, or its campaign has yet to open.
    pub async fn of_id(scope: &RequestScope, id: &ID) -> Maybe<Self> {
        let id = id.strip_prefix(ID_PREFIX)?.parse().ok()?;
        match words::word_campaign(&scope.pool, id).await {
            Ok(campaign) => Some(Ok(Self::from(
                campaign.filter(|campaign| campaign.opens_at <= scope.moment.at)?,
            ))),
            Err(error) => Some(Err(scope.read_failed(&error))),
        }
    }

    fn is_revealed(&self, ctx: &Context<'_>) -> bool {
        self.campaign.is_revealed(RequestScope::of(ctx).moment.at)
    }
}

impl From<WordCampaign> for WordDraw {
    fn from(campaign: WordCampaign) -> Self {
        Self {
            id: ID(format!("{ID_PREFIX}{}", campaign.id)),
            amount: Decimal(campaign.amount),
            coin_id: campaign.coin_id.clone(),
            share_count: campaign.share_count,
            claimed_count: campaign.used_count,
            split: campaign.split.into(),
            opens_at: DateTime(campaign.opens_at),
            closes_at: DateTime(campaign.closes_at),
            hash: HEXLOWER.encode(&campaign.draw_hash),
            campaign,
        }
    }
}

/// Claims what a word pays the viewer.
pub(super) async fn submit(scope: &RequestScope, word: &str) -> Result<SubmitWordPayload> {
    let (user, _slot) = scope.acting_viewer().await?;
    let outcome = submit_word(&scope.pool, user, word, scope.moment)
        .await
        .map_err(|error| scope.write_failed(&error))?;
    Ok(SubmitWordPayload { outcome })
}

/// What `submitWord` did.
pub struct SubmitWordPayload {
    outcome: std::result::Result<WordClaim, WordRefusal>,
}

/// What `submitWord` did.
#[Object]
impl SubmitWordPayload {
    /// The user after the claim.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// The award of the share that was claimed; null when none was.
    async fn award(&self) -> Option<Award> {
        Some(self.outcome.as_ref().ok()?.award.clone().into())
    }

    /// The draw that the share is of: keep its id and hash to check it after the end. Null when no share was claimed.
    async fn draw(&self) -> Option<WordDraw> {
        Some(self.outcome.as_ref().ok()?.campaign.clone().into())
    }

    /// What the person can set right; empty when a share was claimed.
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<UserError> {
        let refusal = self.outcome.as_ref().err();
        refusal
            .map(|refusal| UserError::word(*refusal, RequestScope::of(ctx)))
            .into_iter()
            .collect()
    }
}
