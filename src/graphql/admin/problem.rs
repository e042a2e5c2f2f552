//! Why a change was refused: a code for programs, a sentence for people.

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

/// What is wrong with a change of a rule, or with a correction of awards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum ProblemCode {
    /// The item's name is not one.
    ItemInvalid,
    /// The item is paid by campaigns, so no rule can pay it.
    PaidByCampaigns,
    /// No event ever pays this item of type INVITE.
    NeverPaid,
    /// An amount is not above zero, has more than four places, or is too large.
    AmountInvalid,
    /// The range does not go up, or not in whole steps.
    RangeInvalid,
    /// The coin's id is empty or too long.
    CoinInvalid,
    /// The daily limit is below one or too large.
    DailyLimitInvalid,
    /// Signing in is DAILY and pays once a day.
    SignInOnceADay,
    /// The hold is below zero or too long.
    HoldInvalid,
    /// The window ends before it starts.
    WindowEndsBeforeItStarts,
    /// A BONUS rule needs a streak length.
    StreakMissing,
    /// Only BONUS rules have a streak length.
    StreakNotAllowed,
    /// The streak length is below one or too large.
    StreakInvalid,
    /// Items of this kind have no target.
    TargetNotAllowed,
    /// The item has another type, and keeps it.
    TypeDiffers,
    /// Somebody else changed the rule meanwhile.
    VersionDiffers,
    /// The reason is empty or too long.
    ReasonInvalid,
    /// The selection names neither ids nor a user nor a business day.
    SelectionTooWide,
    /// The selection names too many ids.
    TooManyIds,
    /// More awards fit the selection than one correction may touch.
    TooManyAwards,
    /// The word is empty, too long, or has characters that cannot be seen.
    WordInvalid,
    /// Another campaign of this word is open at some time of this window.
    WordTaken,
    /// There are no shares, or too many.
    ShareCountInvalid,
    /// There would be shares of less than 0.0001.
    SharesTooSmall,
    /// The campaign would be over already.
    ClosesInThePast,
    /// The public randomness would exist too early, or only after the opening.
    BeaconTimeInvalid,
    /// It is not the signature of the campaign's round of public randomness.
    BeaconInvalid,
    /// The campaign was made without public randomness.
    BeaconNotPromised,
    /// The service has no key for word draws.
    DrawKeyMissing,
    /// There is no such campaign.
    CampaignUnknown,
    /// The campaign's key is not one.
    KeyInvalid,
    /// There is a campaign of this key.
    KeyTaken,
    /// The title is empty or too long.
    TitleInvalid,
    /// The capacity is below one.
    CapacityInvalid,
    /// More places are taken than there would be.
    CapacityBelowCount,
    /// The campaign was launched.
    Launched,
    /// The job is not about a day.
    TakesNoDay,
    /// The range of days ends before it begins.
    RangeBackwards,
    /// The range has more than 366 days.
    RangeTooLong,
    /// The day is not over, or the range goes beyond the last business day that is over.
    DayNotOver,
    /// The day lies before the first business day of the service.
    DayTooEarly,
    /// The day holds awards, so that it cannot be reopened.
    DayHoldsAwards,
    /// There is no such run.
    RunUnknown,
    /// The run is over.
    RunOver,
}

/// Something that stands in the way of a change.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Problem {
    /// What is wrong, for programs.
    code: ProblemCode,
    /// What is wrong and what to do, for people.
    message: String,
}

/// Something typed that stands in the way of a change: its code and its sentence.
pub(super) trait Told {
    fn told(self) -> (ProblemCode, Message);
}

impl Problem {
    /// What stands in the way, each with its code and its sentence.
    pub fn all<T: Told>(problems: Vec<T>, language: Language) -> Vec<Self> {
        let told = problems.into_iter().map(Told::told);
        told.map(|(code, message)| Self::new(code, &message, language))
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

    /// The job cannot work on the day yet.
    pub fn day_not_over(day: NaiveDate, from: String, language: Language) -> Self {
        let day = day.to_string();
        Self::new(ProblemCode::DayNotOver, &Message::JobDayNotOver { day, from }, language)
    }

    /// The day lies before the service.
    pub fn day_too_early(first: NaiveDate, language: Language) -> Self {
        let day = first.to_string();
        Self::new(ProblemCode::DayTooEarly, &Message::JobDayTooEarly { day }, language)
    }

    /// The day cannot be reopened.
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

    /// Why a range of days cannot be back-filled.
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

    /// Everything that is wrong with a change of a rule.
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

impl Told for RuleProblem {
    fn told(self) -> (ProblemCode, Message) {
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

impl Told for WordProblem {
    fn told(self) -> (ProblemCode, Message) {
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

impl Told for CampaignProblem {
    fn told(self) -> (ProblemCode, Message) {
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
