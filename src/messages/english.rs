//! English texts of the messages.

use std::borrow::Cow;

use super::Message;
use crate::domain::number::{counted, grouped};

pub(super) fn text(message: &Message) -> Cow<'static, str> {
    let text = match message {
        Message::AlreadySignedIn => "You have already signed in today. Come back tomorrow.",
        Message::InvitationCodeUnknown => "Invitation code not found. Check the spelling.",
        Message::InvitationAlreadySet => "You have already bound another invitation code. It cannot be changed.",
        Message::InvitationCodeOwn => "This is your own invitation code. Enter the code of the friend who invited you.",
        Message::InvitationCodeDescendant => {
            "This code belongs to a user you invited. Enter the code of the friend who invited you."
        }
        Message::WordUnavailable => {
            "This word does not exist, is not open yet, or is fully claimed. Check the spelling and the opening time."
        }
        Message::WordExpired => "This word has expired. Look out for the next one.",
        Message::WordAlreadyClaimed => "You have already claimed your share of this word.",
        Message::TooManyTries { minutes } => {
            return format!("Too many attempts. Try again in {minutes} min.").into();
        }
        Message::ReservationUnknown => "Reservation campaign not found. Check the name.",
        Message::ReservationNotOpen => "Reservations are not open yet. Come back when they open.",
        Message::ReservationClosed => "Reservations are closed.",
        Message::ReservationFull => {
            "All places are taken. A place may become free if a reservation is cancelled: try again later."
        }
        Message::SignInClosed => "Sign-in is currently closed. See todayTasks for the open tasks.",
        Message::Unauthenticated => "Send the header Authorization: Bearer <session key>.",
        Message::Busy => "The service is busy. Try again in a few seconds.",
        Message::InternalFault => "Internal error. Please try again; if it persists, report the request ID.",
        Message::ScopeNeeded { scope } => return format!("This requires an API key with the scope {scope}.").into(),
        Message::ApiKeyNeeded => {
            "Send the header Authorization: Bearer <API key>. Create a key with newbee key create."
        }
        Message::ApiKeyUnknown => "The API key is unknown or revoked. Create a new one with newbee key create.",
        Message::SessionKeyUnknown => {
            "The session key is unknown, expired or revoked. Get a new one from the chat app, or omit the Authorization header to continue as a visitor."
        }
        Message::AuthorizationMalformed => {
            "The Authorization header must be \"Bearer <key>\" with a key of at most 55 characters. Correct it, or omit the header to continue as a visitor where that is allowed."
        }
        Message::KeysNotChecked => "Keys cannot be verified at the moment. Try again in a second.",
        Message::TooMuchUnderWay => "Too many requests are in progress. Try again in a second.",
        Message::TookTooLong => {
            "The operation took too long and was cancelled. Request less at once, or try again later."
        }
        Message::AskedTooOften { seconds } => {
            return format!("Too many requests. Try again in {seconds} s and reduce the request rate.").into();
        }
        Message::ReasonInvalid => "A reason is required: 1 to 500 characters without control characters.",
        Message::ItemInvalid => {
            "An item is at most 40 lowercase letters, digits and underscores, starting with a letter."
        }
        Message::PaidByCampaigns => {
            "Words and reservations are paid by their campaigns. Create a campaign instead of a rule."
        }
        Message::NeverPaid { item } => {
            return format!(
                "No event pays this item: the only item of type INVITE is {item}. Use that item or another type."
            )
            .into();
        }
        Message::AmountInvalid => {
            "An amount must be greater than 0 and less than 10000000000000000, with at most four decimal places."
        }
        Message::RangeInvalid => "maxAmount must exceed amount by a multiple of amountStep.",
        Message::CoinInvalid => "A coin ID is 1 to 32 characters without control characters.",
        Message::DailyLimitInvalid => "dailyLimit must be 1 to 1000000; omit it for no limit.",
        Message::SignInOnceADay => "sign_in must be DAILY with dailyLimit 1: users sign in once a day.",
        Message::HoldInvalid => "holdSeconds must be 0 to 31622400 (366 days).",
        Message::WindowEndsBeforeItStarts => "closesAt must be later than opensAt.",
        Message::StreakMissing => {
            "A BONUS rule requires streakLength, the number of consecutive sign-ins that earn it."
        }
        Message::StreakNotAllowed => "Only BONUS rules have streakLength. Omit it.",
        Message::StreakInvalid => "streakLength must be 1 to 3660 days.",
        Message::TargetNotAllowed => "Items of this type have no target: targetRule must be NONE.",
        Message::RuleTypeDiffers { kind } => {
            return format!("This item has the type {kind}, which cannot be changed. Use another item.").into();
        }
        Message::RuleVersionDiffers { version } => {
            return format!("This rule was changed by another request and is now at version {version}. Read it again before changing it.")
                .into();
        }
        Message::SelectionTooWide => "Select the awards by ID, user or business day.",
        Message::TooManyIds => "At most 500 IDs can be given at once.",
        Message::TooManyAwards => {
            "More than 10000 awards match. Narrow the selection by user or item. Nothing was changed."
        }
        Message::UserIdInvalid => "A user ID is a positive integer assigned by the host application.",
        Message::UserNameInvalid => {
            "A name is 1-100 characters without control characters, with at least one visible character."
        }
        Message::UserPortraitInvalid => {
            "A portrait must be an http or https URL without spaces or quotes, at most 2000 characters long."
        }
        Message::UserCodeInvalid => "An invitation code is 1-12 visible characters without control characters.",
        Message::UserClassInvalid => "A class must be 0 or 1.",
        Message::UserCodeRefused => {
            "This invitation code is already in use, or the user already has another one, which cannot be changed. Choose another code, or omit it."
        }
        Message::UserRepeated => {
            "An earlier entry of this call has different data for the same user. Send each user once."
        }
        Message::UserErased => "This user was erased and cannot be registered again.",
        Message::UserExists => "A user with this ID already exists. Nothing was changed.",
        Message::UserUnknown => "There is no user with this ID.",
        Message::SessionKeyInvalid => {
            "A session key of the host must be 22-55 visible ASCII characters without spaces, at least 10 of them distinct, and must not start with nbk_."
        }
        Message::SessionKeyTaken => "This session key is registered for another user. Each key can be registered once.",
        Message::SessionKeyEnded => "This session key has ended and cannot be reactivated. Register another one.",
        Message::SessionKeyPublic => "This is one of the public keys of the demo. Choose a key that is hard to guess.",
        Message::LifetimeInvalid => {
            "A session key must be valid for one hour to ten years (3600 to 315360000 seconds)."
        }
        Message::IdempotencyKeyInvalid => "An idempotency key is 1 to 100 characters without control characters.",
        Message::TaskItemUnknown => "The rule catalogue has no such item.",
        Message::TaskItemNotATask => "This item is not a task reported by the host: newbee creates its awards itself.",
        Message::TaskTargetMissing => "This item counts once a day per target. Specify the target.",
        Message::TaskTargetNotAllowed => "This item has no target. Omit it.",
        Message::TaskTargetTooLong => "A target is 1 to 64 characters without control characters.",
        Message::TaskConflict => {
            "This idempotency key was already used for different content. Use a new key for a new event."
        }
        Message::TaskRuleClosed => {
            "The rule of this item was disabled or outside its window when the task was completed. Report a later task with a new key."
        }
        Message::TaskAlreadyAwarded => "The user already has this award.",
        Message::TaskLimitReached { limit } => {
            return format!("The user has already received this item {limit} times on that day, which is the limit.")
                .into();
        }
        Message::TaskDayClosed { day } => {
            return format!("The business day {day} is closed. Omit occurredAt to count the task for today.").into();
        }
        Message::TaskInTheFuture => "occurredAt is in the future. Check the clock of the reporting machine.",
        Message::WordInvalid => "A word is 1-12 visible characters without control characters.",
        Message::WordTaken => {
            "A campaign with this word already exists in that period. End it first, or choose another word or time."
        }
        Message::WordAmountInvalid => {
            "The amount of a campaign must be greater than 0 and less than 1000000000000, with at most four decimal places."
        }
        Message::ShareCountInvalid => "A campaign must have 1 to 100000 shares.",
        Message::SharesTooSmall => {
            "Some shares would be less than 0.0001. Raise the amount or lower the number of shares."
        }
        Message::BeaconTimeInvalid => {
            "The time of the public randomness must be at least one minute after the campaign is created and no later than its opening."
        }
        Message::BeaconInvalid { round, url } => {
            return format!("This is not the signature of round {round} of drand quicknet. Get it from {url} .").into();
        }
        Message::BeaconNotPromised => "This campaign was created without public randomness. There is nothing to enter.",
        Message::DrawKeyMissing => {
            "Word draws require a secret key. Set NEWBEE_DRAW_KEY (generate one with openssl rand -hex 32)."
        }
        Message::ClosesInThePast => "closesAt is in the past, so the campaign would already be over.",
        Message::JobTakesNoDay => "This job does not take a business day. Omit it.",
        Message::DayRangeBackwards => "The range ends before it starts. Give the earlier day first.",
        Message::DayRangeTooLong { days } => {
            return format!("The range has {days} days; the maximum is 366. Split it into parts.").into();
        }
        Message::DayNotOver { day } => {
            return format!("{day} is the last completed business day. The range cannot go beyond it.").into();
        }
        Message::JobDayNotOver { day, from } => {
            return format!("The business day {day} is not over. The job can process it from {from}.").into();
        }
        Message::JobDayTooEarly { day } => {
            return format!("The first business day of this service is {day}. Choose it or a later one.").into();
        }
        Message::DayHoldsAwards { day } => {
            return format!("The closed business day {day} has awards, so it cannot be reopened.").into();
        }
        Message::DaysClosedAhead { count, day } => {
            let days = counted(*count, "business day");
            return format!("{days} starting with {day}: closed before their end. Check the clock, then reopen them.")
                .into();
        }
        Message::BooksDoNotBalance { violations, checks } => {
            let violations = counted(*violations, "violation");
            return format!("The books do not balance: {violations} found by: {checks}.").into();
        }
        Message::ChecksUnfinished { checks } => {
            return format!("These checks of the books did not finish: {checks}.").into();
        }
        Message::AwardsParked { count, error } => {
            let awards = counted(*count, "award");
            let are = if *count == 1 { "is" } else { "are" };
            return format!(
                "{awards} {are} parked: {}. Retry or void them.",
                error.trim_end_matches('.')
            )
            .into();
        }
        Message::TotalsDiffer { day } => {
            return format!("The totals of the closed day {day} differ from its awards.").into();
        }
        Message::LastRunFailed { error } => {
            return format!("The last run failed: {}.", error.trim_end_matches('.')).into();
        }
        Message::JobPausedWithBacklog { by, count, unit } => {
            return format!("Paused by {by} while {} {unit} wait.", grouped(*count)).into();
        }
        Message::RunUnknown => "There is no such run. See jobRuns for the list of runs.",
        Message::RunOver => "The run is already over. Nothing was changed.",
        Message::CampaignUnknown => "There is no such campaign.",
        Message::CampaignKeyInvalid => {
            "A key is 1-40 characters: lowercase letters, digits, hyphens or underscores, starting with a letter."
        }
        Message::CampaignKeyTaken => "A campaign with this key already exists. Choose another key.",
        Message::CampaignTitleInvalid => "A title is 1 to 100 characters; omit it for no title.",
        Message::CapacityInvalid => "A capacity must be a positive integer; omit it for no limit.",
        Message::CapacityBelowCount { reserved } => {
            return format!("{reserved} places are taken. The capacity cannot be lower.").into();
        }
        Message::SessionEnded => "Your session has ended. Sign in again.",
        Message::TooManySubscriptions { most } => {
            return format!("You have {most} live connections open. Close one of them first.").into();
        }
        Message::CampaignLaunched => {
            "The campaign has been launched. Only its title and the legacy default can be changed."
        }
    };
    text.into()
}
