//! Word campaigns: claims of shares, and the published data to verify the draw.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use data_encoding::HEXLOWER;

use super::award::Award;
use super::me::Customer;
use super::user_error::UserError;
use crate::domain::word::{self as domain, WordCampaign};
use crate::domain::word_commitment::Drawing;
use crate::graphql::draw_parts::{DrawBeacon, DrawClaim, DrawGuarantee};
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::{NullableField, RequestContext};
use crate::loaders::words::{ClaimKey, ClaimsPage};
use crate::service::submit_word::{WordClaim, submit_word};

/// Prefix of draw IDs.
const ID_PREFIX: &str = "word_";

/// Maximum number of shares in one page.
const MAX_SHARES_PER_PAGE: i32 = 1_000;
/// Complexity of one page of shares.
const SHARES_COST: usize = 500;

/// Maximum number of claims in one page.
const MAX_CLAIMS: i32 = 1_000;

/// Method of splitting an amount into shares.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Split")]
enum Split {
    /// Equal shares.
    Fixed,
    /// Uniformly random split.
    Random,
}

/// The draw of a word campaign. Everything that is fixed when the campaign is created is public from then on; note the
/// hash before the public randomness is available. After the end, the seed, shares and claims are published, and
/// `newbee word verify` checks that the shares follow from the fixed data and the public randomness, and each claim's
/// place from its claimant.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct WordDraw {
    /// Draw ID, such as `word_7`. Fetch the draw with `wordDraw`, not with `node`.
    id: ID,
    /// Total amount of all shares.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Number of shares.
    share_count: i32,
    /// Number of claimed shares.
    claimed_count: i32,
    /// Total amount of the claimed shares.
    claimed_amount: Decimal,
    /// Method of splitting the amount.
    split: Split,
    /// Start of the claim window.
    opens_at: DateTime,
    /// End of the claim window.
    closes_at: DateTime,
    /// SHA-256 of the fixed data, in 64 hexadecimal digits. Its input is these lines, each ended by a line feed:
    /// `newbee word draw 2`, the public key, the salt, the amount with four decimal places, the number of shares,
    /// `FIXED` or `RANDOM`, and `drand quicknet` with the number of the round or `no beacon`.
    hash: String,
    /// Public key of the draw in 192 hexadecimal digits (BLS12-381, in G2). It verifies the seed and the proofs of
    /// claims.
    public_key: String,
    /// Random value in 64 hexadecimal digits that makes the hash of each draw unique.
    salt: String,
    /// Guarantee of the draw.
    guarantee: DrawGuarantee,
    /// Public randomness of the draw; null if the draw uses none.
    beacon: Option<DrawBeacon>,
    #[graphql(skip)]
    campaign: WordCampaign,
}

#[ComplexObject]
impl WordDraw {
    /// Signature from which the shares are drawn, in 96 hexadecimal digits; null until the campaign is over or all
    /// shares are claimed.
    async fn seed(&self, ctx: &Context<'_>) -> NullableField<String> {
        let drawing = self.revealed(ctx)?;
        Some(drawing.map(|drawing| HEXLOWER.encode(&drawing.seed)))
    }

    /// Shares in draw order; null until the campaign is over or all shares are claimed. Use `after` to read more than
    /// one page.
    #[graphql(complexity = "SHARES_COST")]
    async fn shares(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of shares, at most 1,000.", default = 1_000)] first: i32,
        #[graphql(desc = "Number of shares to skip.", default)] after: i32,
    ) -> NullableField<Vec<Decimal>> {
        let drawing = self.revealed(ctx)?;
        Some(drawing.and_then(|drawing| page_of(drawing.shares(), first, after)))
    }

    /// Claims in the order they were made; null until the campaign is over or all shares are claimed. Users are not
    /// named.
    #[graphql(complexity = "5 + first.clamp(1, MAX_CLAIMS) as usize * child_complexity")]
    async fn claims(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of claims, at most 1,000.", default = 100)] first: i32,
        #[graphql(
            desc = "Only claims after this number; for paging, the last number of the previous page.",
            default = 0
        )]
        after: i32,
    ) -> NullableField<Vec<DrawClaim>> {
        if !self.is_revealed(ctx) {
            return None;
        }
        let context = RequestContext::of(ctx);
        if !(1..=MAX_CLAIMS).contains(&first) {
            return Some(Err(bad_user_input(format!("first must be 1 to {MAX_CLAIMS}."))));
        }
        let page = ClaimsPage {
            campaign: self.campaign.id,
            after,
            limit: first,
        };
        let claims = context.loaders().word_claims.load(page).await;
        Some(
            claims
                .map(|claims| claims.into_iter().flatten().map(DrawClaim::from).collect())
                .map_err(Into::into),
        )
    }

    /// Claim of the viewer with its proof; null if they claimed no share, and without a session key.
    async fn my_claim(&self, ctx: &Context<'_>) -> NullableField<MyClaim> {
        let context = RequestContext::of(ctx);
        let user = match context.viewer().await {
            Ok(user) => user?,
            Err(error) => return Some(Err(error)),
        };
        let key = ClaimKey {
            campaign: self.campaign.id,
            user,
        };
        let claim = match context.loaders().own_word_claims.load(key).await {
            Ok(claim) => claim?,
            Err(error) => return Some(Err(error.into())),
        };
        let drawing = self.drawing(context)?;
        Some(drawing.map(|drawing| MyClaim {
            number: claim.number,
            place: claim.place,
            proof: HEXLOWER.encode(&drawing.claim(user).proof),
        }))
    }
}

/// A claim of the viewer. Keep the proof: after the end, `newbee word verify` uses it to check that the place was not
/// manipulated.
#[derive(SimpleObject)]
struct MyClaim {
    /// Number of the claim in the order of claims, from 1.
    number: i32,
    /// Place of the share in draw order, from 1.
    place: i32,
    /// Signature of the user ID by the draw's key, in 96 hexadecimal digits. Its SHA-256 is the claimant in the list of
    /// claims.
    proof: String,
}

impl WordDraw {
    /// Returns the draw with this ID; `None` if there is none.
    pub async fn of_id(context: &RequestContext, id: &ID) -> NullableField<Self> {
        let id = id.strip_prefix(ID_PREFIX)?.parse().ok()?;
        // Nothing is read for a key that is not valid.
        if let Err(error) = context.viewer().await {
            return Some(Err(error));
        }
        match context.loaders().word_campaigns.load(id).await {
            Ok(campaign) => Self::of(campaign?).map(Ok),
            Err(error) => Some(Err(error.into())),
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
    fn drawing(&self, context: &RequestContext) -> NullableField<Arc<Drawing>> {
        let drawing = context.state.draw_keys.drawing(&self.campaign);
        drawing.map_err(Into::into).transpose()
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

/// Claims the viewer's share for a word.
///
/// # Errors
/// Without a session, with too many concurrent writes of the user, or if the database fails.
pub(super) async fn submit(context: &RequestContext, word: &str) -> Result<SubmitWordPayload> {
    let (user, _slot) = context.acting_viewer().await?;
    let claimed = submit_word(context.pool(), &context.state.draw_keys, user, word, context.moment).await;
    Ok(match claimed {
        Ok(claim) => SubmitWordPayload {
            claim: Some(claim),
            user_errors: Vec::new(),
        },
        Err(failure) => SubmitWordPayload {
            claim: None,
            user_errors: vec![UserError::word(failure.rejection()?, context)],
        },
    })
}

/// Result of `submitWord`.
pub struct SubmitWordPayload {
    /// `None` if the request was rejected.
    claim: Option<WordClaim>,
    user_errors: Vec<UserError>,
}

/// Result of `submitWord`.
#[Object]
impl SubmitWordPayload {
    /// The user after the claim.
    async fn me(&self, ctx: &Context<'_>) -> Option<Customer> {
        Customer::viewer(ctx).await
    }

    /// Award of the claimed share; null if no share was claimed.
    async fn award(&self) -> Option<Award> {
        Some(self.claim.as_ref()?.award.clone().into())
    }

    /// Draw of the claimed share; null if no share was claimed. Keep its ID and hash, and the proof of `myClaim`, to
    /// verify the draw after the end.
    async fn draw(&self) -> Option<WordDraw> {
        WordDraw::of(self.claim.as_ref()?.campaign.clone())
    }

    /// Errors that the user can fix; empty on success.
    async fn user_errors(&self) -> &[UserError] {
        &self.user_errors
    }
}
