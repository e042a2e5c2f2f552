//! Word campaigns: claims of shares, and what is published to check the draw.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use data_encoding::HEXLOWER;

use super::award::Award;
use super::me::Customer;
use super::user_error::UserError;
use crate::domain::word::{self as domain, WordCampaign, WordRejection};
use crate::domain::word_commitment::Drawing;
use crate::graphql::draw_parts::{DrawBeacon, DrawClaim, DrawGuarantee};
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::{NullableField, RequestContext};
use crate::loaders::words::{ClaimKey, ClaimsPage};
use crate::service::submit_word::{WordClaim, submit_word};

/// What the id of a draw begins with.
const ID_PREFIX: &str = "word_";

/// The most shares of one page.
const MAX_SHARES_PER_PAGE: i32 = 1_000;
/// Cost of a page of shares.
const SHARES_COST: usize = 500;

/// The most claims of a page.
const MAX_CLAIMS: i32 = 1_000;

/// How an amount was split into shares.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Split")]
enum Split {
    /// Equal shares.
    Fixed,
    /// Any split, each as likely.
    Random,
}

/// The draw of a word campaign. Everything that is fixed when the campaign is made is public from then on: note the hash before
/// the public randomness exists. After the end, seed, shares and claims are published, and `newbee word verify` checks that the
/// shares follow from what was fixed and from the public randomness, and each claim's place from its claimant.
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
    /// What the claimed shares are worth together.
    claimed_amount: Decimal,
    /// How the amount was split.
    split: Split,
    /// When the first share can be claimed.
    opens_at: DateTime,
    /// From when on no share can be claimed.
    closes_at: DateTime,
    /// SHA-256 of what is fixed, in 64 hexadecimal digits: over the lines `newbee word draw 2`, the public key, the salt, the
    /// amount with four decimal places, the number of shares, `FIXED` or `RANDOM`, and `drand quicknet` with the number of the
    /// round or `no beacon`, each line ended by a line feed.
    hash: String,
    /// The public key of the draw in 192 hexadecimal digits (BLS12-381, in G2). It verifies the seed and the proofs of claims.
    public_key: String,
    /// A random value in 64 hexadecimal digits that makes the draw differ from all others.
    salt: String,
    /// What the draw proves.
    guarantee: DrawGuarantee,
    /// The public randomness that the shares follow from; null when the draw has none.
    beacon: Option<DrawBeacon>,
    #[graphql(skip)]
    campaign: WordCampaign,
}

#[ComplexObject]
impl WordDraw {
    /// The signature that the shares are drawn from, in 96 hexadecimal digits; null until the campaign is over or all shares are
    /// claimed.
    async fn seed(&self, ctx: &Context<'_>) -> NullableField<String> {
        let drawing = self.revealed(ctx)?;
        Some(drawing.map(|drawing| HEXLOWER.encode(&drawing.seed)))
    }

    /// The shares in the order of their places, 1,000 of them unless `first` says otherwise; null until the campaign is over or
    /// all shares are claimed. A draw of more shares is read page by page, with `after`.
    #[graphql(complexity = "SHARES_COST")]
    async fn shares(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many shares, at most 1,000.", default = 1_000)] first: i32,
        #[graphql(desc = "How many shares from the beginning to leave out.", default)] after: i32,
    ) -> NullableField<Vec<Decimal>> {
        let drawing = self.revealed(ctx)?;
        Some(drawing.and_then(|drawing| page_of(drawing.shares(), first, after)))
    }

    /// The claims in their order; null until the campaign is over or all shares are claimed. Users are not named.
    #[graphql(complexity = "5 + first.clamp(1, MAX_CLAIMS) as usize * child_complexity")]
    async fn claims(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to 1,000.", default = 100)] first: i32,
        #[graphql(
            desc = "Only claims after this number, such as the last of the page before.",
            default = 0
        )]
        after: i32,
    ) -> NullableField<Vec<DrawClaim>> {
        if !self.is_revealed(ctx) {
            return None;
        }
        let scope = RequestContext::of(ctx);
        if !(1..=MAX_CLAIMS).contains(&first) {
            return Some(Err(bad_user_input(format!("first must be 1 to {MAX_CLAIMS}."))));
        }
        let page = ClaimsPage {
            campaign: self.campaign.id,
            after,
            limit: first,
        };
        let claims = scope.loaders.word_claims.load(page).await;
        Some(
            claims
                .map(|claims| claims.into_iter().flatten().map(DrawClaim::from).collect())
                .map_err(|error| scope.read_failed(&error)),
        )
    }

    /// The viewer's own claim with its proof; null when they claimed no share, and without a session key.
    async fn my_claim(&self, ctx: &Context<'_>) -> NullableField<MyClaim> {
        let scope = RequestContext::of(ctx);
        let user = scope.viewer?;
        let key = ClaimKey {
            campaign: self.campaign.id,
            user,
        };
        let claim = match scope.loaders.own_word_claims.load(key).await {
            Ok(claim) => claim?,
            Err(error) => return Some(Err(scope.read_failed(&error))),
        };
        let drawing = self.drawing(scope)?;
        Some(drawing.map(|drawing| MyClaim {
            number: claim.number,
            place: claim.place,
            proof: HEXLOWER.encode(&drawing.claim(user).proof),
        }))
    }
}

/// A claim of the viewer. Keep the proof: after the end `newbee word verify` checks by it that the place was not chosen.
#[derive(SimpleObject)]
struct MyClaim {
    /// The number of the claim in the order of claims, from 1.
    number: i32,
    /// The place among the shares, from 1.
    place: i32,
    /// The signature of the user's id by the draw's key, in 96 hexadecimal digits. Its SHA-256 is the claimant in the list of claims.
    proof: String,
}

impl WordDraw {
    /// Returns the draw of an id; `None` when there is none.
    pub async fn of_id(scope: &RequestContext, id: &ID) -> NullableField<Self> {
        let id = id.strip_prefix(ID_PREFIX)?.parse().ok()?;
        match scope.loaders.word_campaigns.load(id).await {
            Ok(campaign) => Self::of(campaign?).map(Ok),
            Err(error) => Some(Err(scope.read_failed(&error))),
        }
    }

    /// Returns the draw of a campaign; `None` for campaigns of the first scheme.
    fn of(campaign: WordCampaign) -> Option<Self> {
        let commitment = campaign.commitment.as_ref()?;
        Some(Self {
            id: ID(format!("{ID_PREFIX}{}", campaign.id)),
            amount: Decimal(campaign.amount),
            coin_id: campaign.coin_id.clone(),
            share_count: campaign.share_count,
            claimed_count: campaign.used_count,
            claimed_amount: Decimal(campaign.used_amount),
            split: campaign.split.into(),
            opens_at: DateTime(campaign.opens_at),
            closes_at: DateTime(campaign.closes_at),
            hash: HEXLOWER.encode(&commitment.hash()),
            public_key: HEXLOWER.encode(&commitment.public_key),
            salt: HEXLOWER.encode(&commitment.salt),
            guarantee: commitment.into(),
            beacon: DrawBeacon::of(&campaign),
            campaign,
        })
    }

    fn is_revealed(&self, ctx: &Context<'_>) -> bool {
        self.campaign.is_revealed(RequestContext::of(ctx).moment.at)
    }

    /// Returns the draw once it may be published.
    fn revealed(&self, ctx: &Context<'_>) -> NullableField<Arc<Drawing>> {
        if self.is_revealed(ctx) {
            self.drawing(RequestContext::of(ctx))
        } else {
            None
        }
    }

    /// Returns the secret draw; `None` while it awaits its public randomness.
    fn drawing(&self, scope: &RequestContext) -> NullableField<Arc<Drawing>> {
        let drawing = scope.draw_keys.drawing(&self.campaign);
        drawing.map_err(|error| scope.write_failed(&error.into())).transpose()
    }
}

fn page_of(shares: &[rust_decimal::Decimal], first: i32, after: i32) -> Result<Vec<Decimal>> {
    if !(0..=MAX_SHARES_PER_PAGE).contains(&first) {
        return Err(bad_user_input(format!(
            "first must be between 0 and {MAX_SHARES_PER_PAGE}. Read more shares page by page, with after."
        )));
    }
    let Ok(after) = usize::try_from(after) else {
        return Err(bad_user_input("after must not be negative."));
    };
    let page = shares.iter().skip(after).take(first.unsigned_abs() as usize);
    Ok(page.copied().map(Decimal).collect())
}

/// Claims what a word pays the viewer.
pub(super) async fn submit(scope: &RequestContext, word: &str) -> Result<SubmitWordPayload> {
    let (user, _slot) = scope.acting_viewer().await?;
    let outcome = submit_word(&scope.pool, &scope.draw_keys, user, word, scope.moment)
        .await
        .map_err(|error| scope.write_failed(&error))?;
    Ok(SubmitWordPayload { outcome })
}

/// What `submitWord` did.
pub struct SubmitWordPayload {
    outcome: std::result::Result<WordClaim, WordRejection>,
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

    /// The draw that the share is of: keep its id and hash, and the proof of `myClaim`, to check it after the end. Null when no share
    /// was claimed.
    async fn draw(&self) -> Option<WordDraw> {
        WordDraw::of(self.outcome.as_ref().ok()?.campaign.clone())
    }

    /// What the person can set right; empty when a share was claimed.
    async fn user_errors(&self, ctx: &Context<'_>) -> Vec<UserError> {
        let refusal = self.outcome.as_ref().err();
        refusal
            .map(|refusal| UserError::word(*refusal, RequestContext::of(ctx)))
            .into_iter()
            .collect()
    }
}
