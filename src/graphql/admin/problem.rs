//! Rejections of a change: a code for programs and a message for people.

use async_graphql::{Enum, SimpleObject};
use chrono::NaiveDate;

use crate::domain::beacon;
use crate::domain::correction::CorrectionRejection;
use crate::domain::language::Language;
use crate::domain::reservation::CampaignProblem;
use crate::domain::rule::{INVITE_ITEM, RuleProblem};
use crate::domain::word::WordProblem;
use crate::messages::Message;
use crate::service::backfill_job::BackfillRejection;
use crate::service::set_rule::RuleRejection;

/// Reason for rejecting a change or a job request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum ProblemCode {
    /// The item name is not valid.
    ItemInvalid,
    /// The item is reserved for campaigns and cannot have a rule.
    PaidByCampaigns,
    /// No event triggers this item of type INVITE.
    NeverPaid,
    /// The amount is not positive, has more than four decimal places, or is too large.
    AmountInvalid,
    /// The maximum is not above the minimum by a whole number of steps.
    RangeInvalid,
    /// The coin ID is empty or too long.
    CoinInvalid,
    /// The daily limit is less than 1 or too large.
    DailyLimitInvalid,
    /// The sign-in rule must be DAILY with a daily limit of 1.
    SignInOnceADay,
    /// The hold is negative or too long.
    HoldInvalid,
    /// The window ends before it starts.
    WindowEndsBeforeItStarts,
    /// The BONUS rule has no streak length.
    StreakMissing,
    /// Only BONUS rules can have a streak length.
    StreakNotAllowed,
    /// The streak length is less than 1 or too large.
    StreakInvalid,
    /// Items of this type cannot have a target.
    TargetNotAllowed,
    /// The item has another type, which cannot be changed.
    TypeDiffers,
    /// The rule was changed by another author in the meantime.
    VersionDiffers,
    /// The reason is empty or too long.
    ReasonInvalid,
    /// The selection has no IDs, no user and no business day.
    SelectionTooWide,
    /// The selection has too many IDs.
    TooManyIds,
    /// The selection matches more awards than one correction may change.
    TooManyAwards,
    /// The word is empty, too long, or contains invisible characters.
    WordInvalid,
    /// Another campaign with this word overlaps the window.
    WordTaken,
    /// The number of shares is less than 1 or too large.
    ShareCountInvalid,
    /// Some shares would be less than 0.0001.
    SharesTooSmall,
    /// The campaign would already be over.
    ClosesInThePast,
    /// The public randomness would be available too early, or only after the opening.
    BeaconTimeInvalid,
    /// The value is not the signature of the campaign's round of public randomness.
    BeaconInvalid,
    /// The campaign was created without public randomness.
    BeaconNotPromised,
    /// The service has no key for word draws.
    DrawKeyMissing,
    /// There is no such campaign.
    CampaignUnknown,
    /// The campaign key is not valid.
    KeyInvalid,
    /// The campaign key is already in use.
    KeyTaken,
    /// The title is empty or too long.
    TitleInvalid,
    /// The capacity is less than 1.
    CapacityInvalid,
    /// The capacity is less than the number of reserved places.
    CapacityBelowCount,
    /// The campaign was already launched.
    Launched,
    /// The job takes no business day.
    TakesNoDay,
    /// The range of days ends before it begins.
    RangeBackwards,
    /// The range has more than 366 days.
    RangeTooLong,
    /// The day, or the last day of the range, is not over yet.
    DayNotOver,
    /// The day is before the first business day of the service.
    DayTooEarly,
    /// The day has awards and cannot be reopened.
    DayHoldsAwards,
    /// There is no such run.
    RunUnknown,
    /// The run has already ended.
    RunOver,
}

/// A reason for rejecting a change.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Problem {
    /// Machine-readable code of the problem.
    code: ProblemCode,
    /// Problem and how to fix it, in the language of the request.
    message: String,
}

/// A domain rejection with its code and message.
pub(super) trait Described {
    fn described(self) -> (ProblemCode, Message);
}

impl Problem {
    /// Converts rejections to problems in the given language.
    pub fn all<T: Described>(problems: Vec<T>, language: Language) -> Vec<Self> {
        let described = problems.into_iter().map(Described::described);
        described
            .map(|(code, message)| Self::new(code, &message, language))
            .collect()
    }

    pub fn campaign_unknown(language: Language) -> Self {
        Self::new(ProblemCode::CampaignUnknown, &Message::CampaignUnknown, language)
    }

    pub fn beacon_invalid(round: i64, language: Language) -> Self {
        let message = Message::BeaconInvalid {
            round,
            url: beacon::round_url(round),
        };
        Self::new(ProblemCode::BeaconInvalid, &message, language)
    }

    pub fn beacon_not_promised(language: Language) -> Self {
        Self::new(ProblemCode::BeaconNotPromised, &Message::BeaconNotPromised, language)
    }

    pub fn takes_no_day(language: Language) -> Self {
        Self::new(ProblemCode::TakesNoDay, &Message::JobTakesNoDay, language)
    }

    /// Problem of a day that the job cannot process yet.
    pub fn day_not_over(day: NaiveDate, from: String, language: Language) -> Self {
        let day = day.to_string();
        Self::new(ProblemCode::DayNotOver, &Message::JobDayNotOver { day, from }, language)
    }

    /// Problem of a day before the first business day of the service.
    pub fn day_too_early(first: NaiveDate, language: Language) -> Self {
        let day = first.to_string();
        Self::new(ProblemCode::DayTooEarly, &Message::JobDayTooEarly { day }, language)
    }

    /// Problem of a day that cannot be reopened.
    pub fn day_holds_awards(day: NaiveDate, language: Language) -> Self {
        let day = day.to_string();
        Self::new(ProblemCode::DayHoldsAwards, &Message::DayHoldsAwards { day }, language)
    }

    pub fn run_unknown(language: Language) -> Self {
        Self::new(ProblemCode::RunUnknown, &Message::RunUnknown, language)
    }

    pub fn run_over(language: Language) -> Self {
        Self::new(ProblemCode::RunOver, &Message::RunOver, language)
    }

    /// Problem of a range of days that cannot be backfilled.
    pub fn of_backfill(refusal: BackfillRejection, language: Language) -> Self {
        let (code, message) = match refusal {
            BackfillRejection::Backwards => (ProblemCode::RangeBackwards, Message::DayRangeBackwards),
            BackfillRejection::TooLong { days } => (ProblemCode::RangeTooLong, Message::DayRangeTooLong { days }),
            BackfillRejection::NotOver { last_over } => (
                ProblemCode::DayNotOver,
                Message::DayNotOver {
                    day: last_over.to_string(),
                },
            ),
        };
        Self::new(code, &message, language)
    }

    pub fn reason_invalid(language: Language) -> Self {
        Self::new(ProblemCode::ReasonInvalid, &Message::ReasonInvalid, language)
    }

    fn new(code: ProblemCode, message: &Message, language: Language) -> Self {
        let message = message.text(language).into_owned();
        Self { code, message }
    }

    /// All problems of a rejected rule change.
    pub fn of_rule(refusal: &RuleRejection, language: Language) -> Vec<Self> {
        let one = |code, message| vec![Self::new(code, &message, language)];
        match refusal {
            RuleRejection::Problems(problems) => Self::all(problems.clone(), language),
            RuleRejection::ReasonInvalid => one(ProblemCode::ReasonInvalid, Message::ReasonInvalid),
            RuleRejection::TypeDiffers(kind) => one(
                ProblemCode::TypeDiffers,
                Message::RuleTypeDiffers {
                    kind: format!("{kind:?}").to_uppercase(),
                },
            ),
            RuleRejection::VersionDiffers(version) => one(
                ProblemCode::VersionDiffers,
                Message::RuleVersionDiffers {
                    version: i64::from(*version),
                },
            ),
        }
    }

    pub fn of_correction(refusal: CorrectionRejection, language: Language) -> Self {
        let (code, message) = match refusal {
            CorrectionRejection::SelectionTooWide => (ProblemCode::SelectionTooWide, Message::SelectionTooWide),
            CorrectionRejection::TooManyIds => (ProblemCode::TooManyIds, Message::TooManyIds),
            CorrectionRejection::TooManyAwards => (ProblemCode::TooManyAwards, Message::TooManyAwards),
            CorrectionRejection::ReasonInvalid => (ProblemCode::ReasonInvalid, Message::ReasonInvalid),
            CorrectionRejection::ItemInvalid => (ProblemCode::ItemInvalid, Message::ItemInvalid),
        };
        Self::new(code, &message, language)
    }
}

impl Described for RuleProblem {
    fn described(self) -> (ProblemCode, Message) {
        use ProblemCode as Code;
        match self {
            RuleProblem::ItemInvalid => (Code::ItemInvalid, Message::ItemInvalid),
            RuleProblem::PaidByCampaigns => (Code::PaidByCampaigns, Message::PaidByCampaigns),
            RuleProblem::NeverPaid => (
                Code::NeverPaid,
                Message::NeverPaid {
                    item: INVITE_ITEM.to_owned(),
                },
            ),
            RuleProblem::AmountInvalid => (Code::AmountInvalid, Message::AmountInvalid),
            RuleProblem::RangeInvalid => (Code::RangeInvalid, Message::RangeInvalid),
            RuleProblem::CoinInvalid => (Code::CoinInvalid, Message::CoinInvalid),
            RuleProblem::DailyLimitInvalid => (Code::DailyLimitInvalid, Message::DailyLimitInvalid),
            RuleProblem::SignInOnceADay => (Code::SignInOnceADay, Message::SignInOnceADay),
            RuleProblem::HoldInvalid => (Code::HoldInvalid, Message::HoldInvalid),
            RuleProblem::WindowEndsBeforeItStarts => {
                (Code::WindowEndsBeforeItStarts, Message::WindowEndsBeforeItStarts)
            }
            RuleProblem::StreakMissing => (Code::StreakMissing, Message::StreakMissing),
            RuleProblem::StreakNotAllowed => (Code::StreakNotAllowed, Message::StreakNotAllowed),
            RuleProblem::StreakInvalid => (Code::StreakInvalid, Message::StreakInvalid),
            RuleProblem::TargetNotAllowed => (Code::TargetNotAllowed, Message::TargetNotAllowed),
        }
    }
}

impl Described for WordProblem {
    fn described(self) -> (ProblemCode, Message) {
        use ProblemCode as Code;
        let code = match self {
            Self::WordInvalid => Code::WordInvalid,
            Self::WordTaken => Code::WordTaken,
            Self::AmountInvalid => Code::AmountInvalid,
            Self::CoinInvalid => Code::CoinInvalid,
            Self::CountInvalid => Code::ShareCountInvalid,
            Self::SharesTooSmall => Code::SharesTooSmall,
            Self::HoldInvalid => Code::HoldInvalid,
            Self::WindowEndsBeforeItStarts => Code::WindowEndsBeforeItStarts,
            Self::ClosesInThePast => Code::ClosesInThePast,
            Self::BeaconTimeInvalid => Code::BeaconTimeInvalid,
            Self::DrawKeyMissing => Code::DrawKeyMissing,
            Self::ReasonInvalid => Code::ReasonInvalid,
        };
        (code, self.into())
    }
}

impl Described for CampaignProblem {
    fn described(self) -> (ProblemCode, Message) {
        use ProblemCode as Code;
        match self {
            Self::Unknown => (Code::CampaignUnknown, Message::CampaignUnknown),
            Self::KeyInvalid => (Code::KeyInvalid, Message::CampaignKeyInvalid),
            Self::KeyTaken => (Code::KeyTaken, Message::CampaignKeyTaken),
            Self::TitleInvalid => (Code::TitleInvalid, Message::CampaignTitleInvalid),
            Self::CapacityInvalid => (Code::CapacityInvalid, Message::CapacityInvalid),
            Self::CapacityBelowCount { reserved } => (
                Code::CapacityBelowCount,
                Message::CapacityBelowCount {
                    reserved: i64::from(reserved),
                },
            ),
            Self::WindowEndsBeforeItStarts => (Code::WindowEndsBeforeItStarts, Message::WindowEndsBeforeItStarts),
            Self::RewardAmountInvalid => (Code::AmountInvalid, Message::AmountInvalid),
            Self::RewardCoinInvalid => (Code::CoinInvalid, Message::CoinInvalid),
            Self::RewardHoldInvalid => (Code::HoldInvalid, Message::HoldInvalid),
            Self::Launched => (Code::Launched, Message::CampaignLaunched),
            Self::ReasonInvalid => (Code::ReasonInvalid, Message::ReasonInvalid),
        }
    }
}
