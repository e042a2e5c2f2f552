//! What is said of each refusal that has one sentence, whatever its circumstances.

use super::Message;
use crate::domain::session::SessionRefusal;
use crate::domain::task::TaskRefusal;
use crate::domain::user::UserRefusal;
use crate::domain::word::WordProblem;

impl From<UserRefusal> for Message {
    fn from(refusal: UserRefusal) -> Self {
        match refusal {
            UserRefusal::IdInvalid => Self::UserIdInvalid,
            UserRefusal::NameInvalid => Self::UserNameInvalid,
            UserRefusal::PortraitInvalid => Self::UserPortraitInvalid,
            UserRefusal::CodeInvalid => Self::UserCodeInvalid,
            UserRefusal::ClassInvalid => Self::UserClassInvalid,
            UserRefusal::CodeRefused => Self::UserCodeRefused,
            UserRefusal::Repeated => Self::UserRepeated,
            UserRefusal::UserExists => Self::UserExists,
            UserRefusal::UserErased => Self::UserErased,
        }
    }
}

impl From<SessionRefusal> for Message {
    fn from(refusal: SessionRefusal) -> Self {
        match refusal {
            SessionRefusal::UserUnknown => Self::UserUnknown,
            SessionRefusal::KeyInvalid => Self::SessionKeyInvalid,
            SessionRefusal::KeyTaken => Self::SessionKeyTaken,
            SessionRefusal::KeyEnded => Self::SessionKeyEnded,
            SessionRefusal::KeyPublic => Self::SessionKeyPublic,
            SessionRefusal::LifetimeInvalid => Self::LifetimeInvalid,
            SessionRefusal::RequestKeyInvalid => Self::IdempotencyKeyInvalid,
        }
    }
}

impl From<&TaskRefusal> for Message {
    fn from(refusal: &TaskRefusal) -> Self {
        match refusal {
            TaskRefusal::UserUnknown => Self::UserUnknown,
            TaskRefusal::ItemUnknown => Self::TaskItemUnknown,
            TaskRefusal::ItemNotATask => Self::TaskItemNotATask,
            TaskRefusal::TargetMissing => Self::TaskTargetMissing,
            TaskRefusal::TargetNotAllowed => Self::TaskTargetNotAllowed,
            TaskRefusal::TargetTooLong => Self::TaskTargetTooLong,
            TaskRefusal::KeyInvalid => Self::IdempotencyKeyInvalid,
            TaskRefusal::Conflict => Self::TaskConflict,
            TaskRefusal::RuleClosed => Self::TaskRuleClosed,
            TaskRefusal::AlreadyAwarded => Self::TaskAlreadyAwarded,
            TaskRefusal::LimitReached { limit } => Self::TaskLimitReached {
                limit: i64::from(*limit),
            },
            TaskRefusal::DayClosed { day } => Self::TaskDayClosed { day: day.to_string() },
            TaskRefusal::InTheFuture => Self::TaskInTheFuture,
        }
    }
}

impl From<WordProblem> for Message {
    fn from(problem: WordProblem) -> Self {
        match problem {
            WordProblem::WordInvalid => Self::WordInvalid,
            WordProblem::WordTaken => Self::WordTaken,
            WordProblem::AmountInvalid => Self::WordAmountInvalid,
            WordProblem::CoinInvalid => Self::CoinInvalid,
            WordProblem::CountInvalid => Self::ShareCountInvalid,
            WordProblem::SharesTooSmall => Self::SharesTooSmall,
            WordProblem::HoldInvalid => Self::HoldInvalid,
            WordProblem::WindowEndsBeforeItStarts => Self::WindowEndsBeforeItStarts,
            WordProblem::ClosesInThePast => Self::ClosesInThePast,
            WordProblem::BeaconTimeInvalid => Self::BeaconTimeInvalid,
            WordProblem::DrawKeyMissing => Self::DrawKeyMissing,
            WordProblem::ReasonInvalid => Self::ReasonInvalid,
        }
    }
}
