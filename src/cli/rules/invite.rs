//! Options of `newbee rule set` for the conditions of INVITE rules.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Invite;
use crate::cli::values::{self, OrNone};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PaysArg {
    Inviter,
    Invitee,
}

#[derive(Args, Debug)]
pub(super) struct InviteArgs {
    /// User who is paid (invite rules)
    #[arg(long, value_enum)]
    pays: Option<PaysArg>,
    /// Comma-separated tasks that the invitee must do after binding the code, or none (invite rules)
    #[arg(long, value_name = "ITEMS|none", value_delimiter = ',')]
    required_items: Option<Vec<String>>,
    /// Number of days on which the invitee must sign in, or none (invite rules)
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    sign_in_days: Option<OrNone<i32>>,
    /// Number of business days for that, the day of binding included, or none for no limit (invite rules)
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    within_days: Option<OrNone<i32>>,
    /// Maximum age of the invitee's account at binding, in days, or none for no limit (invite rules)
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    max_account_age_days: Option<OrNone<i32>>,
    /// Pay the inviter once, when this number of invitees qualified; none pays for each (invite rules)
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    friends: Option<OrNone<i32>>,
    /// Maximum number of awards per user, or none for no limit (invite rules)
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    lifetime_limit: Option<OrNone<i32>>,
}

impl InviteArgs {
    /// Returns the input of the API: the given conditions, and the current value of all others. Null if there is nothing to
    /// send for a rule of that type.
    pub fn input(&self, kind: &str, before: Option<&Invite>) -> Value {
        let number = |given: &Option<OrNone<i32>>, current: fn(&Invite) -> Option<i64>| match given {
            Some(OrNone(number)) => number.map(i64::from),
            None => before.and_then(current),
        };
        let items = match &self.required_items {
            Some(items) if items.iter().eq(["none"]) => Vec::new(),
            Some(items) => items.clone(),
            None => before.map(|before| before.required_items.clone()).unwrap_or_default(),
        };
        let pays = match self.pays {
            Some(PaysArg::Inviter) => "INVITER",
            Some(PaysArg::Invitee) => "INVITEE",
            None => before.map_or("INVITER", |before| before.pays.as_str()),
        };
        let input = json!({
            "pays": pays,
            "requiredItems": items,
            "signInDays": number(&self.sign_in_days, |before| before.sign_in_days),
            "withinDays": number(&self.within_days, |before| before.within_days),
            "maxAccountAgeDays": number(&self.max_account_age_days, |before| before.max_account_age_days),
            "friends": number(&self.friends, |before| before.friends),
            "lifetimeLimit": number(&self.lifetime_limit, |before| before.lifetime_limit),
        });
        // Options that do not fit the type are sent, so that the API rejects them.
        match kind == "INVITE" || self.is_given() {
            true => input,
            false => Value::Null,
        }
    }

    fn is_given(&self) -> bool {
        let numbers = [
            &self.sign_in_days,
            &self.within_days,
            &self.max_account_age_days,
            &self.friends,
            &self.lifetime_limit,
        ];
        self.pays.is_some() || self.required_items.is_some() || numbers.iter().any(|number| number.is_some())
    }
}
