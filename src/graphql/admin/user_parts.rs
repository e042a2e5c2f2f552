//! What a user's file is made of.

use async_graphql::{ID, SimpleObject};

use super::user_id::id_of;
use crate::domain::invitation::Invitation;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::loaders::Balance;
use crate::loaders::ops::{CounterRecord, LedgerRecord, PlaceRecord, SessionRecord, TriesRecord};

/// A user's invitation.
#[derive(SimpleObject)]
pub(super) struct InvitationDetails {
    /// The code that the user gives to others.
    code: String,
    /// The user's level, 0 or 1.
    class: i32,
    /// The host's number of the user whose code was bound; null while none is.
    parent_id: Option<ID>,
    /// The code that was bound.
    parent_code: Option<String>,
    /// When it was bound.
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

/// What a user owns of one coin.
#[derive(SimpleObject)]
pub(super) struct BalanceDetails {
    /// The host's own id of the coin.
    coin_id: String,
    /// The sum of the ledger's entries.
    settled: Decimal,
    /// The sum of the pending awards.
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

/// One entry of the ledger; entries never change.
#[derive(SimpleObject)]
pub(super) struct LedgerEntry {
    /// The award that it is of, such as `award_22`.
    award_id: ID,
    /// SETTLE or REVERSE.
    kind: String,
    /// The host's own id of the coin.
    coin_id: String,
    /// What it adds to the balance.
    amount: Decimal,
    /// The job run that posted it; null when it was posted by hand.
    run_id: Option<ID>,
    /// When it was posted.
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

/// A session key's life.
#[derive(SimpleObject)]
pub(super) struct SessionDetails {
    /// `issued` here, `registered` by the host, or `demo`.
    origin: String,
    /// When it began.
    created_at: DateTime,
    /// When it ends by itself.
    expires_at: DateTime,
    /// When it was ended; null when it was not.
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

/// How far a user is with the cap of an item on a day.
#[derive(SimpleObject)]
pub(super) struct DailyCount {
    /// The business day that is counted.
    business_day: Date,
    /// The item of the rule catalogue that is counted.
    item: String,
    /// How many awards of it the user had on that day.
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

/// What a user tried.
#[derive(SimpleObject)]
pub(super) struct AttemptLimit {
    /// `submit_word` or `preview_invitation`.
    action: String,
    /// How often within ten minutes.
    count: i32,
    /// Until when the user is locked out, or was the last time; null when never.
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

/// A place in a reservation campaign.
#[derive(SimpleObject)]
pub(super) struct ReservationEntry {
    /// The campaign's key.
    key: String,
    /// When the user reserved it, the last time.
    reserved_at: DateTime,
    /// When the user gave it back; null while they have it.
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
