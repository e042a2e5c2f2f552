//! Word campaigns: preview, create, reveal and end.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::TimeDelta;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::awards::list_length;
use super::context::AdminContext;
use super::problem::Problem;
use crate::domain::api_key::Scope;
use crate::domain::rejection::RejectionTable;
use crate::domain::word::{self as domain, WordCampaign, WordTerms};
use crate::graphql::NullableField;
use crate::graphql::draw_parts::{DrawBeacon, DrawGuarantee};
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::loaders::words;
use crate::service::enter_beacon::enter_beacon;
use crate::service::word_campaigns::{create_word_campaign, end_word_campaign, preview_word_campaign};
use crate::service::{Applied, Failure};

/// Number of shares shown in a preview.
const SHOWN_SHARES: usize = 20;

#[derive(Default)]
pub(super) struct WordQueries;

#[Object]
impl WordQueries {
    /// Returns word campaigns, newest first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn word_campaigns(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
        #[graphql(desc = "Only campaigns older than this ID; for paging, the last ID of the previous page.")]
        below: Option<ID>,
    ) -> NullableField<Vec<WordCampaignRow>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let below = below.as_ref().map(campaign_id).transpose()?;
            let campaigns = words::word_campaigns(&context.ops.0, below, list_length(first)?).await;
            campaigns
                .map(|campaigns| campaigns.into_iter().map(WordCampaignRow::from).collect())
                .map_err(Into::into)
        };
        Some(found.await)
    }

    /// Returns a sample draw of the campaign's shares. The actual shares follow from the campaign's own key and public
    /// randomness. Needs OPS_READ.
    async fn preview_word_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Full definition of the campaign.")] input: WordCampaignInput,
    ) -> NullableField<WordPreview> {
        let preview = || {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            Ok(match preview_word_campaign(&input.terms(context), &context.author()) {
                Ok(shares) => WordPreview::new(&shares),
                Err(problems) => WordPreview {
                    problems: Problem::all(&problems, context.language),
                    ..WordPreview::default()
                },
            })
        };
        Some(preview())
    }
}

#[derive(Default)]
pub(super) struct WordMutations;

#[Object]
impl WordMutations {
    /// Creates a word campaign. The inputs of its draw are fixed now, and their hash is public from now on. Needs
    /// OPS_WRITE.
    async fn create_word_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Full definition of the campaign.")] input: WordCampaignInput,
    ) -> NullableField<WordCampaignPayload> {
        Some(create(ctx, &input).await)
    }

    /// Stores the public randomness of a word campaign created with `beaconAt`. Only the valid signature of the
    /// campaign's round is accepted. Shares can be claimed once it is stored and the campaign is open. Needs OPS_WRITE.
    async fn enter_word_beacon(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Campaign ID, such as `word_7`.")] id: ID,
        #[graphql(desc = "Signature published by drand at `beacon.url`, in 96 hexadecimal digits.")] signature: String,
    ) -> NullableField<WordCampaignPayload> {
        Some(enter(ctx, &id, &signature).await)
    }

    /// Ends a word campaign early. Claimed shares are kept, and the draw is published from now on. Needs OPS_WRITE.
    async fn end_word_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Campaign ID, such as `word_7`.")] id: ID,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<WordCampaignPayload> {
        Some(end(ctx, &id, &reason).await)
    }
}

async fn create(ctx: &Context<'_>, input: &WordCampaignInput) -> Result<WordCampaignPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let created = create_word_campaign(
        &context.pool,
        &context.draw_keys,
        &input.terms(context),
        &context.author(),
    )
    .await;
    Ok(match created {
        Ok(campaign) => WordCampaignPayload {
            campaign: Some(campaign.into()),
            changed: true,
            problems: Vec::new(),
        },
        Err(failure) => WordCampaignPayload {
            problems: Problem::all(&failure.rejection()?, context.language),
            ..WordCampaignPayload::default()
        },
    })
}

async fn enter(ctx: &Context<'_>, id: &ID, signature: &str) -> Result<WordCampaignPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let signature = HEXLOWER_PERMISSIVE.decode(signature.trim().as_bytes()).ok();
    let signature = signature
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| bad_user_input("signature must have 96 hexadecimal digits."))?;
    let entered = enter_beacon(&context.pool, campaign_id(id)?, &signature, &context.author()).await;
    WordCampaignPayload::of(entered, context)
}

async fn end(ctx: &Context<'_>, id: &ID, reason: &str) -> Result<WordCampaignPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let ended = end_word_campaign(&context.pool, campaign_id(id)?, reason, &context.author()).await;
    WordCampaignPayload::of(ended, context)
}

fn campaign_id(id: &ID) -> Result<i64> {
    let number = id.strip_prefix("word_").unwrap_or(id).parse();
    number.map_err(|_| bad_user_input(format!("{:?} is not a word campaign ID such as word_7.", id.as_str())))
}

/// Method of splitting the amount into shares.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Split")]
enum Split {
    /// Equal shares; a remainder is distributed in units of 0.0001.
    Fixed,
    /// Uniformly random split, in units of 0.01 if the amount allows it.
    Random,
}

/// Definition of a word campaign.
#[derive(InputObject)]
struct WordCampaignInput {
    /// Word, 1–12 visible characters; case, width, invisible characters, and leading and trailing spaces are ignored.
    word: String,
    /// Total amount of all shares.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Number of shares, at most 100,000.
    share_count: i32,
    /// Method of splitting the amount.
    split: Split,
    /// Start of the claim window; now if omitted.
    opens_at: Option<DateTime>,
    /// End of the claim window.
    closes_at: DateTime,
    /// Earliest time of the public randomness that determines the shares: at least one minute from now, and no later
    /// than `opensAt`. Enter the randomness with `enterWordBeacon` once it is available. If omitted, the draw uses none
    /// and proves less; see `DrawGuarantee`.
    beacon_at: Option<DateTime>,
    /// Hold in seconds from an award to its settlement.
    #[graphql(default = 0)]
    hold_seconds: i64,
    /// Reason for the campaign; kept with it.
    reason: String,
}

impl WordCampaignInput {
    fn terms(&self, context: &AdminContext) -> WordTerms {
        WordTerms {
            word: self.word.clone(),
            amount: self.amount.0,
            coin_id: self.coin_id.clone(),
            share_count: self.share_count,
            split: self.split.into(),
            hold: TimeDelta::try_seconds(self.hold_seconds).unwrap_or(TimeDelta::MAX),
            opens_at: self.opens_at.as_ref().map_or(context.moment.at, |at| at.0),
            closes_at: self.closes_at.0,
            beacon_at: self.beacon_at.as_ref().map(|at| at.0),
            reason: self.reason.clone(),
        }
    }
}

/// Sample draw of a campaign's shares.
#[derive(Default, SimpleObject)]
struct WordPreview {
    /// Smallest share; null if the campaign was rejected.
    least: Option<Decimal>,
    /// Largest share; null if the campaign was rejected.
    most: Option<Decimal>,
    /// Median share; null if the campaign was rejected.
    median: Option<Decimal>,
    /// Sum of the shares, equal to the amount; null if the campaign was rejected.
    sum: Option<Decimal>,
    /// First shares in draw order, at most 20.
    first_shares: Vec<Decimal>,
    /// Why the campaign would be rejected; empty if it is valid.
    problems: Vec<Problem>,
}

impl WordPreview {
    fn new(shares: &[rust_decimal::Decimal]) -> Self {
        let mut sorted = shares.to_vec();
        sorted.sort_unstable();
        Self {
            least: sorted.first().copied().map(Decimal),
            most: sorted.last().copied().map(Decimal),
            median: sorted.get(sorted.len() / 2).copied().map(Decimal),
            sum: Some(Decimal(shares.iter().sum())),
            first_shares: shares.iter().take(SHOWN_SHARES).copied().map(Decimal).collect(),
            problems: Vec::new(),
        }
    }
}

/// Result of creating, changing or ending a campaign.
#[derive(Default, SimpleObject)]
struct WordCampaignPayload {
    /// The campaign after the request; null if there is no such campaign or it was rejected.
    campaign: Option<WordCampaignRow>,
    /// True if the request changed the campaign.
    changed: bool,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

impl WordCampaignPayload {
    fn of<R: RejectionTable>(
        applied: std::result::Result<Applied<WordCampaign>, Failure<R>>,
        context: &AdminContext,
    ) -> Result<Self> {
        Ok(match applied {
            Ok(Applied { state, changed }) => Self {
                campaign: Some(state.into()),
                changed,
                problems: Vec::new(),
            },
            Err(failure) => Self {
                problems: vec![Problem::new(&failure.rejection()?, context.language)],
                ..Self::default()
            },
        })
    }
}

/// A word and the shares that users can claim with it.
#[derive(SimpleObject)]
#[graphql(complex, name = "WordCampaign")]
struct WordCampaignRow {
    /// Campaign ID, such as `word_7`.
    id: ID,
    /// Word as entered by the operator.
    word: String,
    /// Total amount of all shares.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Number of shares.
    share_count: i32,
    /// Method of splitting the amount.
    split: Split,
    /// Number of claimed shares.
    claimed_count: i32,
    /// Total amount of the claimed shares.
    claimed_amount: Decimal,
    /// Start of the claim window.
    opens_at: DateTime,
    /// End of the claim window.
    closes_at: DateTime,
    /// Time at which the campaign was ended early or found to be over; null before.
    ended_at: Option<DateTime>,
    /// Hold in seconds from an award to its settlement.
    hold_seconds: i64,
    /// Hash of the inputs of the draw, in 64 hexadecimal digits.
    hash: String,
    /// Guarantee of the draw; null for campaigns of the first scheme.
    guarantee: Option<DrawGuarantee>,
    /// Public randomness of the draw; null if the draw uses none.
    beacon: Option<DrawBeacon>,
    /// Author of the campaign.
    created_by: String,
    /// Reason given at creation.
    reason: String,
    /// Creation time of the campaign.
    created_at: DateTime,
    #[graphql(skip)]
    campaign: WordCampaign,
}

#[ComplexObject]
impl WordCampaignRow {
    /// Returns the signature from which the shares are drawn, in 96 hexadecimal digits; null until the campaign is over
    /// or all shares are claimed, also for operators.
    async fn seed(&self, ctx: &Context<'_>) -> NullableField<String> {
        let context = AdminContext::of(ctx);
        if !self.campaign.is_revealed(context.moment.at) {
            return None;
        }
        let drawing = context.draw_keys.drawing(&self.campaign);
        let drawing = drawing.map_err(Into::into).transpose()?;
        Some(drawing.map(|drawing| HEXLOWER.encode(&drawing.seed)))
    }
}

impl From<WordCampaign> for WordCampaignRow {
    fn from(campaign: WordCampaign) -> Self {
        let commitment = campaign.commitment.as_ref();
        Self {
            id: ID(format!("word_{}", campaign.id)),
            word: campaign.word.clone(),
            amount: Decimal(campaign.amount),
            coin_id: campaign.coin_id.clone(),
            share_count: campaign.share_count,
            split: campaign.split.into(),
            claimed_count: campaign.used_count,
            claimed_amount: Decimal(campaign.used_amount),
            opens_at: DateTime(campaign.opens_at),
            closes_at: DateTime(campaign.closes_at),
            ended_at: campaign.ended_at.map(DateTime),
            hold_seconds: campaign.hold.num_seconds(),
            hash: HEXLOWER.encode(&campaign.draw_hash),
            guarantee: commitment.map(DrawGuarantee::from),
            beacon: DrawBeacon::of(&campaign),
            created_by: campaign.created_by.clone(),
            reason: campaign.reason.clone(),
            created_at: DateTime(campaign.created_at),
            campaign,
        }
    }
}
