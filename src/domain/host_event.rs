//! Changes as the host application learns of them, through the query `changes` and webhooks.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::award::AwardType;
use super::id::{AwardId, UserId};
use super::rejection::rejections;

/// Time for which events are kept.
pub const EVENTS_KEPT: TimeDelta = TimeDelta::days(30);

/// Kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostEventKind {
    AwardMade,
    AwardSettled,
    AwardVoided,
    AwardReversed,
    InvitationBound,
    WordClaimed,
    PlaceReserved,
    PlaceCancelled,
    CampaignLaunched,
    DayClosed,
}

impl HostEventKind {
    pub const ALL: [Self; 10] = [
        Self::AwardMade,
        Self::AwardSettled,
        Self::AwardVoided,
        Self::AwardReversed,
        Self::InvitationBound,
        Self::WordClaimed,
        Self::PlaceReserved,
        Self::PlaceCancelled,
        Self::CampaignLaunched,
        Self::DayClosed,
    ];

    /// Returns the name of the kind in the database, in the API and in webhooks.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwardMade => "AWARD_MADE",
            Self::AwardSettled => "AWARD_SETTLED",
            Self::AwardVoided => "AWARD_VOIDED",
            Self::AwardReversed => "AWARD_REVERSED",
            Self::InvitationBound => "INVITATION_BOUND",
            Self::WordClaimed => "WORD_CLAIMED",
            Self::PlaceReserved => "PLACE_RESERVED",
            Self::PlaceCancelled => "PLACE_CANCELLED",
            Self::CampaignLaunched => "CAMPAIGN_LAUNCHED",
            Self::DayClosed => "DAY_CLOSED",
        }
    }

    /// Returns the kind with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// ID of an event, and position in the log: a reader who has seen an event has seen all events with smaller IDs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub i64);

impl EventId {
    /// Parses an ID from a client, such as `event_5`; `event_0` is the position before the first event.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("event_")?;
        let number = digits.parse::<i64>().ok()?;
        (number >= 0 && number.to_string() == digits).then_some(Self(number))
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "event_{}", self.0)
    }
}

rejections! {
    /// Reason why a position in the log cannot be read from.
    #[derive(Copy)]
    pub enum PositionRejection {
        /// The changes after the position were deleted.
        TooOld { after: EventId, deleted_through: EventId } => "POSITION_TOO_OLD",
            format!(
                "The changes after {after} were deleted: changes are kept for {} days. Compare your data with newbee's \
                 (businessDays, user), then continue after {deleted_through}, from which on all changes are there.",
                EVENTS_KEPT.num_days()
            ),
            format!(
                "{after} 之后的变更已被删除：变更只保留 {} 天。请先与 newbee 核对数据（businessDays、user），再从 \
                 {deleted_through} 继续，其后的变更都在。",
                EVENTS_KEPT.num_days()
            );
        /// There is no change with this ID yet.
        Ahead { after: EventId, latest: EventId } => "POSITION_AHEAD",
            format!(
                "There is no change {after} yet; the latest is {latest}. If the database was restored from a backup, continue \
                 after {latest}, and compare the days since the backup with newbee's (businessDays)."
            ),
            format!(
                "还没有变更 {after}，最新的是 {latest}。如果数据库从备份恢复过，请从 {latest} 继续，并核对备份之后的各业务日（businessDays）。"
            );
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct HostEvent {
    pub id: EventId,
    pub kind: HostEventKind,
    pub occurred_at: DateTime<Utc>,
    /// `None` if the change is not of one user.
    pub user_id: Option<UserId>,
    pub award: Option<EventAward>,
    /// Parent of a bound user.
    pub parent_id: Option<UserId>,
    pub campaign: Option<EventCampaign>,
    pub day: Option<EventDay>,
}

/// Award of an event: the part of it that never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct EventAward {
    pub id: AwardId,
    pub item: String,
    pub award_type: AwardType,
    pub amount: Decimal,
    pub coin_id: String,
    pub target_id: Option<String>,
    pub business_day: NaiveDate,
}

/// Campaign of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct EventCampaign {
    /// Such as `word_3` or `reservation_3`.
    pub id: String,
    /// Key of a reservation campaign.
    pub key: Option<String>,
}

/// Closed business day with its final totals.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDay {
    pub day: NaiveDate,
    pub totals: Vec<EventTotal>,
}

/// Total of a day's awards for one item and coin.
#[derive(Clone, Debug, PartialEq)]
pub struct EventTotal {
    pub item: String,
    pub coin_id: String,
    pub award_count: i64,
    pub amount: Decimal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!(EventId::parse("event_17"), Some(EventId(17)));
        assert_eq!(EventId::parse("event_0"), Some(EventId(0)));
        for text in [
            "17",
            "event_",
            "event_017",
            "event_-1",
            "event_+1",
            "event_99999999999999999999",
            "award_17",
        ] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
        assert_eq!(EventId(17).to_string(), "event_17");
    }

    #[test]
    fn every_kind_reads_back() {
        for kind in HostEventKind::ALL {
            assert_eq!(HostEventKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(HostEventKind::from_name("award_made"), None);
    }
}
