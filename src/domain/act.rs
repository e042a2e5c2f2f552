//! Acts of users that the host application performs for them, such as a bot that reads the messages of a chat: content,
//! idempotency, and reasons for rejection.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::business_day::BusinessTime;
use super::id::UserId;
use super::invitation::InvitationRejection;
use super::rejection::rejections;
use super::reservation::ReservationRejection;
use super::sign_in::SignInRejection;
use super::task::{MAX_REPORT_DELAY, TOLERATED_CLOCK_LEAD, TaskRejection, content_hash, is_valid_idempotency_key};
use super::user::UnknownUser;
use super::word::WordRejection;

/// An act of a user. Reports with the same key and the same content are the same report and are performed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActReport {
    pub user_id: UserId,
    pub act: Act,
    pub idempotency_key: String,
    /// Time of the act; `None` means now. Its business day must still be open.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Kind and argument of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    SignIn,
    Single(SingleAct),
}

/// An act that is performed in a transaction of its own, with its argument as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SingleAct {
    SubmitWord(String),
    SetInvitation(String),
    Reserve(String),
}

rejections! {
    /// Reason why an act was not performed.
    #[derive(Copy, Serialize, Deserialize)]
    pub enum ActRejection {
        /// The idempotency key is empty, too long, or has control characters.
        KeyInvalid => "KEY_INVALID",
            TaskRejection::KeyInvalid.text(Language::English),
            TaskRejection::KeyInvalid.text(Language::Chinese);
        /// The key was already used for this user with different content.
        Conflict => "CONFLICT",
            TaskRejection::Conflict.text(Language::English),
            TaskRejection::Conflict.text(Language::Chinese);
        /// The business day of the act is closed.
        DayClosed { day: NaiveDate } => "DAY_CLOSED",
            format!("The business day {day} is closed. Omit occurredAt to perform the act today."),
            format!("业务日{day}已经关闭。如需计入今天，请不要填写 occurredAt。");
        /// The time of the act is in the future.
        InTheFuture => "IN_THE_FUTURE",
            TaskRejection::InTheFuture.text(Language::English),
            TaskRejection::InTheFuture.text(Language::Chinese);
        /// The act could not be performed. Send it again with the same key.
        TryAgain => "TRY_AGAIN",
            TaskRejection::TryAgain.text(Language::English),
            TaskRejection::TryAgain.text(Language::Chinese);
    }
    with {
        User(UnknownUser),
        SignIn(SignInRejection),
        Invitation(InvitationRejection),
        Word(WordRejection),
        Reservation(ReservationRejection),
    }
}

impl Act {
    /// Returns the name of the act, which is part of its content.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SignIn => "signIn",
            Self::Single(SingleAct::SubmitWord(_)) => "submitWord",
            Self::Single(SingleAct::SetInvitation(_)) => "setInvitation",
            Self::Single(SingleAct::Reserve(_)) => "reserve",
        }
    }

    fn argument(&self) -> Option<&str> {
        match self {
            Self::SignIn => None,
            Self::Single(SingleAct::SubmitWord(text) | SingleAct::SetInvitation(text) | SingleAct::Reserve(text)) => {
                Some(text)
            }
        }
    }
}

impl ActReport {
    /// Returns a hash of the content, which differs from that of every task.
    pub fn content_hash(&self) -> [u8; 32] {
        let occurred_at = self.occurred_at.map(|at| at.to_rfc3339());
        content_hash(
            ["act", self.act.name()]
                .map(Some)
                .into_iter()
                .chain([self.act.argument(), occurred_at.as_deref()]),
        )
    }

    /// Checks the report itself, before any look-up.
    ///
    /// # Errors
    /// If the idempotency key is invalid.
    pub fn check(&self) -> Result<(), ActRejection> {
        match is_valid_idempotency_key(&self.idempotency_key) {
            true => Ok(()),
            false => Err(ActRejection::KeyInvalid),
        }
    }

    /// Returns the time of the act: now, or the reported time, but not later than now.
    pub fn happened_at(&self, now: BusinessTime) -> DateTime<Utc> {
        self.occurred_at.map_or(now.at, |at| at.min(now.at))
    }

    /// Checks that the act is neither in the future nor too long ago. `day` is its business day, which may be closed
    /// nevertheless.
    ///
    /// # Errors
    /// Returns the reason why the act is not accepted at its time.
    pub fn check_time(&self, now: BusinessTime, day: NaiveDate) -> Result<(), ActRejection> {
        let ago = self.occurred_at.map_or(TimeDelta::zero(), |at| now.at - at);
        if ago < -TOLERATED_CLOCK_LEAD {
            Err(ActRejection::InTheFuture)
        } else if ago > MAX_REPORT_DELAY {
            Err(ActRejection::DayClosed { day })
        } else {
            Ok(())
        }
    }
}

impl ActRejection {
    /// Returns the earliest time at which the user can try again, if the rejection names one.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        use super::tries::TriesRejection::TooMany;
        match self {
            Self::Word(WordRejection::Tries(TooMany { until, .. }))
            | Self::Invitation(InvitationRejection::Tries(TooMany { until, .. })) => Some(*until),
            Self::Reservation(ReservationRejection::NotOpen { opens_at }) => Some(*opens_at),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tries::TriesRejection;

    fn report(act: Act) -> ActReport {
        ActReport {
            user_id: UserId(1),
            act,
            idempotency_key: "k".into(),
            occurred_at: None,
        }
    }

    #[test]
    fn different_contents_have_different_hashes() {
        let text = || "a".to_owned();
        let contents = [
            report(Act::SignIn),
            report(Act::Single(SingleAct::SubmitWord(text()))),
            report(Act::Single(SingleAct::SetInvitation(text()))),
            report(Act::Single(SingleAct::Reserve(text()))),
            report(Act::Single(SingleAct::Reserve(String::new()))),
            ActReport {
                occurred_at: Some(DateTime::UNIX_EPOCH),
                ..report(Act::SignIn)
            },
        ];
        let hashes: std::collections::HashSet<_> = contents.iter().map(ActReport::content_hash).collect();
        assert_eq!(hashes.len(), contents.len());
    }

    /// Rejections are stored with their key for months, so their stored form must not change.
    #[test]
    fn rejections_are_stored_in_a_fixed_form() {
        let until = DateTime::UNIX_EPOCH;
        for (rejection, stored) in [
            (
                ActRejection::from(SignInRejection::AlreadySignedIn),
                r#"{"SignIn":"AlreadySignedIn"}"#,
            ),
            (SignInRejection::Closed.into(), r#"{"SignIn":"Closed"}"#),
            (
                InvitationRejection::CodeUnknown.into(),
                r#"{"Invitation":"CodeUnknown"}"#,
            ),
            (InvitationRejection::AlreadySet.into(), r#"{"Invitation":"AlreadySet"}"#),
            (InvitationRejection::CodeOwn.into(), r#"{"Invitation":"CodeOwn"}"#),
            (
                InvitationRejection::CodeDescendant.into(),
                r#"{"Invitation":"CodeDescendant"}"#,
            ),
            (WordRejection::Unavailable.into(), r#"{"Word":"Unavailable"}"#),
            (WordRejection::Expired.into(), r#"{"Word":"Expired"}"#),
            (WordRejection::AlreadyClaimed.into(), r#"{"Word":"AlreadyClaimed"}"#),
            (
                WordRejection::from(TriesRejection::TooMany { until, minutes: 3 }).into(),
                r#"{"Word":{"Tries":{"TooMany":{"until":"1970-01-01T00:00:00Z","minutes":3}}}}"#,
            ),
            (ReservationRejection::Unknown.into(), r#"{"Reservation":"Unknown"}"#),
            (
                ReservationRejection::NotOpen { opens_at: until }.into(),
                r#"{"Reservation":{"NotOpen":{"opens_at":"1970-01-01T00:00:00Z"}}}"#,
            ),
            (ReservationRejection::Closed.into(), r#"{"Reservation":"Closed"}"#),
            (ReservationRejection::Full.into(), r#"{"Reservation":"Full"}"#),
        ] {
            assert_eq!(serde_json::to_string(&rejection).expect("plain JSON"), stored);
            assert_eq!(
                serde_json::from_str::<ActRejection>(stored).expect("it is known"),
                rejection
            );
        }
    }
}
