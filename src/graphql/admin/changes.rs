//! The feed of changes for the host application.

use std::time::Duration;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::context::AdminContext;
use super::user_id::id_of;
use crate::domain::api_key::Scope;
use crate::domain::endpoint::EndpointRejection;
use crate::domain::host_event::{self as domain, EventId};
use crate::domain::id::NodeId;
use crate::domain::rejection::RejectionTable;
use crate::graphql::NullableField;
use crate::graphql::award_kinds::AwardType;
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::service::Failure;
use crate::service::host_feed::{self, EventPage, PageAsk};

/// Maximum number of changes in a page.
const MAX_PAGE: i32 = 1_000;
/// Maximum time to wait for a change, in seconds.
const MAX_WAIT: i32 = 25;
/// Shortest time between two looks at the log while waiting; notifications in between are combined.
const PACE: Duration = Duration::from_millis(100);
/// Longest time between two looks, for changes without notifications.
const SAFETY: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct ChangeQueries;

#[Object]
impl ChangeQueries {
    /// Returns the changes after a position, oldest first; those of one user are in their order. The feed begins with its
    /// first use. A change always has the same ID; changes are kept for 30 days. To miss nothing, store `position` with
    /// the changes that you have processed, and pass it as `after`. Needs HOST.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "`position` of the previous page, or the ID of a change. If omitted, from the oldest change that is kept."
        )]
        after: Option<ID>,
        #[graphql(desc = "Number of changes to return, at most 1,000.", default = 100)] first: i32,
        #[graphql(desc = "Only changes of these kinds; all kinds if omitted.")] kinds: Option<Vec<ChangeKind>>,
        #[graphql(
            desc = "Seconds to wait for a change if there is none yet, at most 25. The reply may come earlier without one.",
            default = 0
        )]
        wait_seconds: i32,
    ) -> NullableField<ChangePage> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::Host)?;
            if !(1..=MAX_PAGE).contains(&first) {
                return Err(bad_user_input(format!("first must be between 1 and {MAX_PAGE}.")));
            }
            if !(0..=MAX_WAIT).contains(&wait_seconds) {
                return Err(bad_user_input(format!("waitSeconds must be between 0 and {MAX_WAIT}.")));
            }
            if kinds.as_ref().is_some_and(Vec::is_empty) {
                return Err(bad_user_input(EndpointRejection::NoKind.text(context.language)));
            }
            let ask = PageAsk {
                after: after.as_ref().map(event_id).transpose()?,
                kinds: kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
                limit: first.into(),
            };
            let page = wait_for_page(context, &ask, Duration::from_secs(wait_seconds.unsigned_abs().into())).await?;
            Ok(ChangePage::from(page))
        };
        Some(found.await)
    }
}

/// Parses the ID of an event.
///
/// # Errors
/// `BAD_USER_INPUT` if it is none.
pub(super) fn event_id(id: &ID) -> Result<EventId> {
    EventId::parse(id).ok_or_else(|| {
        bad_user_input(format!(
            "{:?} is not a position such as \"event_5\". Pass the position of a page, or the ID of a change.",
            id.as_str()
        ))
    })
}

/// Returns the first page that is not empty, or an empty one at the end of the wait.
async fn wait_for_page(context: &AdminContext, ask: &PageAsk, wait: Duration) -> Result<EventPage> {
    let mut deadline = Instant::now() + wait;
    let mut changes = match wait.is_zero() {
        true => None,
        false => context.award_changes.wait(),
    };
    let mut ask = ask.clone();
    loop {
        let began = Instant::now();
        let page = match host_feed::page(&context.pool, &ask, context.clock.now()).await {
            Ok(page) => page,
            Err(Failure::Rejected(rejection)) => return Err(bad_user_input(rejection.text(context.language))),
            Err(Failure::Failed(error)) => return Err(error.into()),
        };
        if !page.events.is_empty() || Instant::now() >= deadline {
            // The key may have been revoked since the request began.
            if !wait.is_zero() {
                context.check_key().await?;
            }
            return Ok(page);
        }
        // Changes of other kinds need not be read again.
        ask.after = Some(page.position);
        match &mut changes {
            Some(changes) => {
                let _ = timeout_at(deadline.min(began + SAFETY), changes.changed()).await;
                sleep_until(deadline.min(began + PACE)).await;
            }
            // Too many wait already. One more look, so that a client that asks again at once costs little.
            None => {
                deadline = deadline.min(began + SAFETY);
                sleep_until(deadline).await;
            }
        }
    }
}

/// Kind of a change.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::HostEventKind")]
pub(super) enum ChangeKind {
    /// A user earned an award; it is pending.
    AwardMade,
    /// An award was paid into the balance.
    AwardSettled,
    /// An award was withdrawn before payment.
    AwardVoided,
    /// A paid award was reversed.
    AwardReversed,
    /// A user bound the invitation code of a parent.
    InvitationBound,
    /// A user claimed a share of a word campaign. AWARD_MADE of the same award precedes it.
    WordClaimed,
    /// A user reserved a place in a campaign.
    PlaceReserved,
    /// A user gave a place back.
    PlaceCancelled,
    /// A reservation campaign was launched; its places are final.
    CampaignLaunched,
    /// A business day was closed; its totals are final.
    DayClosed,
}

/// A page of changes.
#[derive(SimpleObject)]
struct ChangePage {
    /// Changes of this page, oldest first.
    changes: Vec<Change>,
    /// Position after this page, for `after` of the next request. It advances past changes of kinds that were not
    /// selected.
    position: ID,
    /// True if more changes follow already.
    has_more: bool,
}

impl From<EventPage> for ChangePage {
    fn from(page: EventPage) -> Self {
        Self {
            changes: page.events.into_iter().map(Change::from).collect(),
            position: ID(page.position.to_string()),
            has_more: page.has_more,
        }
    }
}

/// A change that the host application may need to know.
#[derive(SimpleObject)]
struct Change {
    /// ID of the change, such as `event_5`: the same each time that it is returned or delivered.
    id: ID,
    /// Kind of change.
    kind: ChangeKind,
    /// Time of the change.
    occurred_at: DateTime,
    /// Host application's ID of the user; null if the change is not of one user.
    user_id: Option<ID>,
    /// Award that was changed or claimed; null for other kinds.
    award: Option<ChangedAward>,
    /// Host application's ID of the parent; null for kinds other than INVITATION_BOUND.
    parent_id: Option<ID>,
    /// Campaign of the word, place or launch; null for other kinds.
    campaign: Option<ChangedCampaign>,
    /// Day that was closed; null for kinds other than DAY_CLOSED.
    day: Option<ClosedDay>,
}

impl From<domain::HostEvent> for Change {
    fn from(event: domain::HostEvent) -> Self {
        Self {
            id: ID(event.id.to_string()),
            kind: event.kind.into(),
            occurred_at: DateTime(event.occurred_at),
            user_id: event.user_id.map(id_of),
            award: event.award.map(ChangedAward::from),
            parent_id: event.parent_id.map(id_of),
            campaign: event.campaign.map(|campaign| ChangedCampaign {
                id: ID(campaign.id),
                key: campaign.key,
            }),
            day: event.day.map(ClosedDay::from),
        }
    }
}

/// Award of a change: the part that never changes.
#[derive(SimpleObject)]
struct ChangedAward {
    /// Award ID, such as `award_22`.
    id: ID,
    /// Item of the rule catalogue, or `word` or `reservation`.
    item: String,
    /// Kind of award.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// Amount earned.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Target of the task, such as the group that was joined.
    target_id: Option<String>,
    /// Business day that the award counts towards.
    business_day: Date,
}

impl From<domain::EventAward> for ChangedAward {
    fn from(award: domain::EventAward) -> Self {
        Self {
            id: ID(NodeId::Award(award.id).to_string()),
            item: award.item,
            award_type: award.award_type.into(),
            amount: Decimal(award.amount),
            coin_id: award.coin_id,
            target_id: award.target_id,
            business_day: Date(award.business_day),
        }
    }
}

/// Campaign of a change.
#[derive(SimpleObject)]
struct ChangedCampaign {
    /// Campaign ID, such as `word_3` or `reservation_3`.
    id: ID,
    /// Key of a reservation campaign; null for word campaigns.
    key: Option<String>,
}

/// A closed business day.
#[derive(SimpleObject)]
struct ClosedDay {
    /// Calendar date of the business day.
    day: Date,
    /// Final totals of the awards made for the day, by item and coin, whatever became of them. They equal the sums of
    /// the AWARD_MADE changes with this business day, all of which precede this change, if the feed was in use during
    /// the whole day; imported awards have no AWARD_MADE.
    totals: Vec<ClosedDayTotal>,
}

impl From<domain::EventDay> for ClosedDay {
    fn from(day: domain::EventDay) -> Self {
        let totals = day.totals.into_iter().map(|total| ClosedDayTotal {
            item: total.item,
            coin_id: total.coin_id,
            awards: total.award_count,
            amount: Decimal(total.amount),
        });
        Self {
            day: Date(day.day),
            totals: totals.collect(),
        }
    }
}

/// Total of a closed day for one item and coin.
#[derive(SimpleObject)]
struct ClosedDayTotal {
    /// Item of the rule catalogue.
    item: String,
    /// Host application's coin ID.
    coin_id: String,
    /// Number of awards made.
    awards: i64,
    /// Total amount of the awards.
    amount: Decimal,
}
