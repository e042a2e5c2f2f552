//! Parts of a user's details.

use async_graphql::{ID, SimpleObject};

use super::user_id::id_of;
use crate::domain::invitation::Invitation;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::loaders::Balance;
use crate::loaders::ops::{CounterRecord, LedgerRecord, PlaceRecord, SessionRecord, TriesRecord};

/// Invitation code of a user, and the code they bound.
#[derive(SimpleObject)]
pub(super) struct InvitationDetails {
    /// Invitation code of the user.
    code: String,
    /// Level of the user, 0 or 1.
    class: i32,
    /// Host application's ID of the inviter; null if no code is bound.
    parent_id: Option<ID>,
    /// Code that the user bound; null if none.
    parent_code: Option<String>,
    /// Time of the binding; null if no code is bound.
    bound_at: Option<DateTime>,
}

impl From<Invitation> for InvitationDetails {
    fn from(invitation: Invitation) -> Self {
        let parent = invitation.parent.as_ref();
        Self {
            parent_id: parent.map(|parent| id_of(parent.user_id)),
            bound_at: parent.map(|parent| DateTime(parent.bound_at)),
            class: invitation.class.into(),
            parent_code: invitation.parent.map(|parent| parent.code),
            code: invitation.code,
        }
    }
}

/// Balance of a user in one coin.
#[derive(SimpleObject)]
pub(super) struct BalanceDetails {
    /// Host application's coin ID.
    coin_id: String,
    /// Sum of the ledger entries.
    settled: Decimal,
    /// Sum of the pending awards.
    pending: Decimal,
}

impl From<Balance> for BalanceDetails {
    fn from(balance: Balance) -> Self {
        Self {
            coin_id: balance.coin_id,
            settled: Decimal(balance.settled),
            pending: Decimal(balance.pending),
        }
    }
}

/// A ledger entry. Entries never change.
#[derive(SimpleObject)]
pub(super) struct LedgerEntry {
    /// Award ID of the entry, such as `award_22`.
    award_id: ID,
    /// Kind of entry: SETTLE, REVERSE, or OPENING for the balance of an imported user, which belongs to no award.
    kind: String,
    /// Host application's coin ID.
    coin_id: String,
    /// Amount added to the balance; negative for a reversal.
    amount: Decimal,
    /// ID of the job run that posted the entry; null if it was posted by hand.
    run_id: Option<ID>,
    /// Time of posting.
    posted_at: DateTime,
}

impl From<LedgerRecord> for LedgerEntry {
    fn from(entry: LedgerRecord) -> Self {
        Self {
            award_id: ID(format!("award_{}", entry.award_id)),
            kind: entry.kind,
            coin_id: entry.coin_id,
            amount: Decimal(entry.amount),
            run_id: entry.run_id.map(|run| ID(run.to_string())),
            posted_at: DateTime(entry.posted_at),
        }
    }
}

/// A session key, without the key itself.
#[derive(SimpleObject)]
pub(super) struct SessionDetails {
    /// Origin of the key: `issued` by newbee, `registered` by the host application, or `demo`.
    origin: String,
    /// Creation time of the key.
    created_at: DateTime,
    /// Expiry time of the key.
    expires_at: DateTime,
    /// Time of revocation; null if the key was not revoked.
    revoked_at: Option<DateTime>,
}

impl From<SessionRecord> for SessionDetails {
    fn from(session: SessionRecord) -> Self {
        Self {
            origin: session.origin,
            created_at: DateTime(session.created_at),
            expires_at: DateTime(session.expires_at),
            revoked_at: session.revoked_at.map(DateTime),
        }
    }
}

/// Number of a user's awards that count towards a daily limit.
#[derive(SimpleObject)]
pub(super) struct DailyCount {
    /// Business day of the count.
    business_day: Date,
    /// Item of the rule catalogue.
    item: String,
    /// Number of awards for the item on that day.
    count: i32,
}

impl From<CounterRecord> for DailyCount {
    fn from(counter: CounterRecord) -> Self {
        Self {
            business_day: Date(counter.business_day),
            item: counter.item,
            count: counter.count,
        }
    }
}

/// Attempt count of a user for a limited action.
#[derive(SimpleObject)]
pub(super) struct AttemptLimit {
    /// Limited action: `submit_word` or `preview_invitation`.
    action: String,
    /// Number of attempts within ten minutes.
    count: i32,
    /// End of the current or latest lockout; null if there was none.
    locked_until: Option<DateTime>,
}

impl From<TriesRecord> for AttemptLimit {
    fn from(tries: TriesRecord) -> Self {
        Self {
            action: tries.action,
            count: tries.count,
            locked_until: tries.locked_until.map(DateTime),
        }
    }
}

/// A reserved or cancelled place in a reservation campaign.
#[derive(SimpleObject)]
pub(super) struct ReservationEntry {
    /// Key of the campaign.
    key: String,
    /// Time of the latest reservation.
    reserved_at: DateTime,
    /// Time of the cancellation; null while the place is reserved.
    cancelled_at: Option<DateTime>,
}

impl From<PlaceRecord> for ReservationEntry {
    fn from(place: PlaceRecord) -> Self {
        Self {
            key: place.campaign_key,
            reserved_at: DateTime(place.reserved_at),
            cancelled_at: place.cancelled_at.map(DateTime),
        }
    }
}
