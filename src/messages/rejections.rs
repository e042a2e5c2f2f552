//! Conversions of domain rejections to their messages.

use super::Message;
use crate::domain::session::SessionRejection;
use crate::domain::task::TaskRejection;
use crate::domain::user::UserRejection;
use crate::domain::word::WordProblem;

impl From<UserRejection> for Message {
    fn from(refusal: UserRejection) -> Self {
        match refusal {
            UserRejection::IdInvalid => Self::UserIdInvalid,
            UserRejection::NameInvalid => Self::UserNameInvalid,
            UserRejection::PortraitInvalid => Self::UserPortraitInvalid,
            UserRejection::CodeInvalid => Self::UserCodeInvalid,
            UserRejection::ClassInvalid => Self::UserClassInvalid,
            UserRejection::CodeRefused => Self::UserCodeRefused,
            UserRejection::Repeated => Self::UserRepeated,
            UserRejection::UserExists => Self::UserExists,
            UserRejection::UserErased => Self::UserErased,
        }
    }
}

impl From<SessionRejection> for Message {
    fn from(refusal: SessionRejection) -> Self {
        match refusal {
            SessionRejection::UserUnknown => Self::UserUnknown,
            SessionRejection::KeyInvalid => Self::SessionKeyInvalid,
            SessionRejection::KeyTaken => Self::SessionKeyTaken,
            SessionRejection::KeyEnded => Self::SessionKeyEnded,
            SessionRejection::KeyPublic => Self::SessionKeyPublic,
            SessionRejection::LifetimeInvalid => Self::LifetimeInvalid,
            SessionRejection::RequestKeyInvalid => Self::IdempotencyKeyInvalid,
        }
    }
}

impl From<&TaskRejection> for Message {
    fn from(refusal: &TaskRejection) -> Self {
        match refusal {
            TaskRejection::UserUnknown => Self::UserUnknown,
            TaskRejection::ItemUnknown => Self::TaskItemUnknown,
            TaskRejection::ItemNotATask => Self::TaskItemNotATask,
            TaskRejection::TargetMissing => Self::TaskTargetMissing,
            TaskRejection::TargetNotAllowed => Self::TaskTargetNotAllowed,
            TaskRejection::TargetTooLong => Self::TaskTargetTooLong,
            TaskRejection::KeyInvalid => Self::IdempotencyKeyInvalid,
            TaskRejection::Conflict => Self::TaskConflict,
            TaskRejection::RuleClosed => Self::TaskRuleClosed,
            TaskRejection::AlreadyAwarded => Self::TaskAlreadyAwarded,
            TaskRejection::LimitReached { limit } => Self::TaskLimitReached {
                limit: i64::from(*limit),
            },
            TaskRejection::DayClosed { day } => Self::TaskDayClosed { day: day.to_string() },
            TaskRejection::InTheFuture => Self::TaskInTheFuture,
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
