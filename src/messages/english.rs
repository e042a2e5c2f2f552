//! English.

use std::borrow::Cow;

use super::Message;

pub(super) fn text(message: &Message) -> Cow<'static, str> {
    let text = match message {
        Message::AlreadySignedIn => "You have signed in today. Come back tomorrow.",
        Message::InvitationCodeUnknown => "Nobody has this invitation code. Check its spelling.",
        Message::InvitationAlreadySet => "You have bound another invitation code before. It cannot be changed.",
        Message::InvitationCodeOwn => "This is your own invitation code. Enter the code of the friend who invited you.",
        Message::InvitationCodeDescendant => {
            "This code belongs to somebody you invited. Enter the code of the friend who invited you."
        }
        Message::WordUnavailable => "This word is unknown, not open yet, or used up. Check its spelling and its time.",
        Message::WordExpired => "This word has expired. Watch out for the next one.",
        Message::WordAlreadyClaimed => "You have had your share of this word.",
        Message::TooManyTries { minutes } => {
            return format!("That was tried too often. Try again in {minutes} min.").into();
        }
        Message::ReservationUnknown => "There is nothing to reserve by this name. Check its spelling.",
        Message::ReservationNotOpen => "Reserving has not begun yet. Come back when it opens.",
        Message::ReservationClosed => "Reserving is over.",
        Message::ReservationFull => "Every place is taken. Somebody may still cancel: try again later.",
        Message::SignInClosed => "Signing in is closed at present. todayTasks says what is open.",
        Message::Unauthenticated => "Send the header Authorization: Bearer <session key>.",
        Message::Busy => "The service is busy. Try again in a few seconds.",
        Message::InternalFault => {
            "This could not be answered because of a fault of the service. Try again; if it stays, report the request id."
        }
        Message::ScopeNeeded { scope } => return format!("This needs an API key with the scope {scope}.").into(),
        Message::ApiKeyNeeded => "Send the header Authorization: Bearer <API key>. Keys are made by newbee key create.",
        Message::ApiKeyUnknown => "The API key is unknown or was revoked. Make another by newbee key create.",
        Message::SessionKeyUnknown => {
            "The session key is unknown, has expired or was revoked. Fetch a new one from the chat and send it, or leave the Authorization header out to ask as a visitor."
        }
        Message::AuthorizationMalformed => {
            "The Authorization header must read \"Bearer <key>\", a key of at most 55 characters. Correct it, or leave the header out where you may ask as a visitor."
        }
        Message::KeysNotChecked => "Keys cannot be checked at the moment. Try again in a second.",
        Message::TooMuchUnderWay => "Too much is under way here. Try again in a second.",
        Message::TookTooLong => {
            "The operation took too long and was given up. Ask for less at once, or try again later."
        }
        Message::AskedTooOften { seconds } => {
            return format!("Too many requests came from here. Try again in {seconds} s, and then less often.").into();
        }
        Message::ReasonInvalid => "Say why, in 1 to 500 characters, none of them a control character.",
        Message::ItemInvalid => {
            "An item has small letters, digits and underscores, at most 40, and begins with a letter."
        }
        Message::PaidByCampaigns => {
            "Words and reservations are paid by their campaigns: make a campaign instead of a rule."
        }
        Message::NeverPaid { item } => {
            return format!(
                "No event pays this item: the only item of type INVITE is {item}. Use it, or another type."
            )
            .into();
        }
        Message::AmountInvalid => {
            "An amount is above zero, has at most four decimal places, and is below 10000000000000000."
        }
        Message::RangeInvalid => "maxAmount must be above amount by a whole number of amountStep.",
        Message::CoinInvalid => "A coin id has 1 to 32 characters, none of them a control character.",
        Message::DailyLimitInvalid => "dailyLimit is 1 to 1000000; leave it out for no limit.",
        Message::SignInOnceADay => "sign_in is DAILY with dailyLimit 1: people sign in once a day.",
        Message::HoldInvalid => "holdSeconds is 0 to 31622400, which is 366 days.",
        Message::WindowEndsBeforeItStarts => "closesAt must be later than opensAt.",
        Message::StreakMissing => "A BONUS rule needs streakLength: how many sign-ins in a row earn it.",
        Message::StreakNotAllowed => "Only BONUS rules have a streakLength: leave it out.",
        Message::StreakInvalid => "streakLength is 1 to 3660 days.",
        Message::TargetNotAllowed => "Items of this kind have no target: targetRule must be NONE.",
        Message::RuleTypeDiffers { kind } => {
            return format!("This item is of type {kind} and stays so: use another item.").into();
        }
        Message::RuleVersionDiffers { version } => {
            return format!("Somebody changed this rule: it is at version {version} now. Read it again, then decide.")
                .into();
        }
        Message::SelectionTooWide => "Say which awards: by ids, a user or a business day.",
        Message::TooManyIds => "Name at most 500 ids at once.",
        Message::TooManyAwards => {
            "More than 10000 awards fit: narrow the selection, by user or item. Nothing was changed."
        }
        Message::UserIdInvalid => "A user id is a whole number above zero, the host's own.",
        Message::UserNameInvalid => {
            "A name is 1-100 characters without control characters, at least one of them visible."
        }
        Message::UserPortraitInvalid => {
            "A portrait must be an http or https address without spaces or quotes, at most 2000 characters long."
        }
        Message::UserCodeInvalid => "An invitation code is 1-12 visible characters without control characters.",
        Message::UserClassInvalid => "A class is 0 or 1.",
        Message::UserCodeRefused => {
            "Somebody has an invitation code that reads the same, or this user has another one, which stays. Choose another, or leave it out."
        }
        Message::UserRepeated => {
            "An earlier entry of this call says something else of the same user. Send each user once."
        }
        Message::UserErased => "This user was erased and cannot be registered again.",
        Message::UserExists => "There is a user of this id already, so nothing was changed.",
        Message::UserUnknown => "There is no user of this id.",
        Message::SessionKeyInvalid => {
            "A session key of the host is 22-55 visible ASCII characters without spaces, at least 10 of them different, and does not begin with nbk_."
        }
        Message::SessionKeyTaken => "This session key is registered for another user. A key is registered once.",
        Message::SessionKeyEnded => "This session key has ended. Keys are not revived: register another.",
        Message::SessionKeyPublic => {
            "This is one of the public keys of the demo: everybody knows it. Choose a key that is hard to guess."
        }
        Message::LifetimeInvalid => {
            "A session key is good for an hour to ten years, which is 3600 to 315360000 seconds."
        }
        Message::IdempotencyKeyInvalid => {
            "An idempotency key has 1 to 100 characters, none of them a control character."
        }
        Message::TaskItemUnknown => "The rule catalogue has no such item.",
        Message::TaskItemNotATask => "This item is not a task of the host: newbee makes its awards by itself.",
        Message::TaskTargetMissing => "This item counts once a day for each target: say which.",
        Message::TaskTargetNotAllowed => "This item has no target: leave it out.",
        Message::TaskTargetTooLong => "A target has 1 to 64 characters, none of them a control character.",
        Message::TaskConflict => {
            "This idempotency key was used before for something else. Use a new key for a new event."
        }
        Message::TaskRuleClosed => {
            "The rule of this item was disabled or outside its window when the task was done. Report a later task with a new key."
        }
        Message::TaskAlreadyAwarded => "The user has the award for this already.",
        Message::TaskLimitReached { limit } => {
            return format!("The user has had this item {limit} times on that day, which is the limit.").into();
        }
        Message::TaskDayClosed { day } => {
            return format!("The business day {day} is closed. Leave occurredAt out to count it for today.").into();
        }
        Message::TaskInTheFuture => "occurredAt lies in the future. Check the clock of the machine that reports it.",
        Message::WordInvalid => "A word is 1-12 visible characters without control characters.",
        Message::WordTaken => {
            "A campaign of this word is open in that time. End it first, or choose another word or time."
        }
        Message::WordAmountInvalid => {
            "The amount of a campaign is above zero, has at most four decimal places, and is below 1000000000000."
        }
        Message::ShareCountInvalid => "A campaign has 1 to 100000 shares.",
        Message::SharesTooSmall => {
            "There would be shares of less than 0.0001: raise the amount or lower the number of shares."
        }
        Message::BeaconTimeInvalid => {
            "Public randomness is drawn at least one minute after the campaign is made, and no later than it opens."
        }
        Message::BeaconInvalid { round, url } => {
            return format!("This is not the signature of round {round} of drand quicknet. Take it from {url} .")
                .into();
        }
        Message::BeaconNotPromised => "This campaign was made without public randomness, so there is nothing to enter.",
        Message::DrawKeyMissing => {
            "Word draws need a secret key. Set NEWBEE_DRAW_KEY (openssl rand -hex 32 makes one)."
        }
        Message::ClosesInThePast => "closesAt lies in the past: the campaign would be over before it began.",
        Message::JobTakesNoDay => "This job is not about a day: run it without one.",
        Message::DayRangeBackwards => "The range ends before it begins: write the earlier day first.",
        Message::DayRangeTooLong { days } => {
            return format!("The range has {days} days and 366 are the most: ask for parts of it.").into();
        }
        Message::DayNotOver { day } => {
            return format!("{day} is the last business day that is over: the range cannot go further.").into();
        }
        Message::JobDayNotOver { day, from } => {
            return format!("The business day {day} is not over: the job can work on it from {from}.").into();
        }
        Message::JobDayTooEarly { day } => {
            return format!("The first business day of this service is {day}: choose it or a later one.").into();
        }
        Message::DayHoldsAwards { day } => {
            return format!("The closed business day {day} holds awards, so it cannot be reopened.").into();
        }
        Message::DaysClosedAhead { count, day } => {
            let days = counted(*count, "business day");
            return format!("{days} from {day} on: closed although not over. Check the clock, then reopen them.")
                .into();
        }
        Message::BooksDoNotBalance { violations, checks } => {
            let violations = counted(*violations, "violation");
            return format!("The books do not balance: {violations} found by: {checks}.").into();
        }
        Message::ChecksUnfinished { checks } => {
            return format!("These checks of the books could not be finished: {checks}.").into();
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
        Message::RunUnknown => "There is no such run; jobRuns lists those there are.",
        Message::RunOver => "The run is over: nothing was changed.",
        Message::CampaignUnknown => "There is no such campaign.",
        Message::CampaignKeyInvalid => {
            "A key has 1 to 40 characters: a small letter, then those, digits, hyphens and underscores."
        }
        Message::CampaignKeyTaken => "There is a campaign of this key already. Choose another key.",
        Message::CampaignTitleInvalid => "A title has 1 to 100 characters; leave it out for none.",
        Message::CapacityInvalid => "A capacity is a whole number above zero; leave it out for no limit.",
        Message::CapacityBelowCount { reserved } => {
            return format!("{reserved} places are taken: the capacity cannot be less.").into();
        }
        Message::SessionEnded => "Your session has ended. Sign in again.",
        Message::TooManySubscriptions { most } => {
            return format!("You have {most} live connections open. Close one of them first.").into();
        }
        Message::CampaignLaunched => "The campaign was launched: only its title and the legacy default can change.",
    };
    text.into()
}

/// A count with its noun, such as `1 award` and `2,000 awards`.
fn counted(count: i64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// A number with a comma between thousands.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas_and_the_right_number() {
        assert_eq!(counted(1, "award"), "1 award");
        assert_eq!(counted(0, "award"), "0 awards");
        assert_eq!(counted(200_000, "award"), "200,000 awards");
        assert_eq!(
            (grouped(999), grouped(-1_234_567)),
            ("999".to_owned(), "-1,234,567".to_owned())
        );
    }
}
