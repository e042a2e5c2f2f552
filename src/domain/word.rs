//! Word campaigns: words, terms of campaigns, and reasons for rejecting a word.

use super::rejection::change::ChangeRejection;
use super::rejection::rejections;
use super::tries::TriesRejection;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::beacon;
use super::bls::SignatureBytes;
use super::correction::is_valid_reason;
use super::money::is_amount;
use super::rule::{MAX_COIN_ID_LENGTH, MAX_HOLD};
use super::text::{display_form, is_blank, match_form};
use super::word_commitment::Commitment;

/// Maximum length of a word, in characters of its normalised form.
pub const MAX_WORD_LENGTH: usize = 12;
/// Maximum length of a displayed word, in characters.
const MAX_SHOWN_LENGTH: usize = 50;
/// Maximum number of shares of a campaign.
pub const MAX_SHARES: i32 = 100_000;
/// Upper bound (exclusive) of a campaign's amount, so that sums of its units fit an `i64`.
pub const WORD_AMOUNT_BOUND: i64 = 1_000_000_000_000;

/// Minimum time from the creation of a campaign to its public randomness: the hash of the draw must be published
/// earlier.
pub const MIN_BEACON_LEAD: TimeDelta = TimeDelta::minutes(1);

/// Method by which the amount is split into shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Equal shares; a remainder is distributed over some of them, 0.0001 each.
    Fixed,
    /// A random split, uniform over all splits, in whole cents if the amount allows it.
    Random,
}

impl Split {
    pub const ALL: [Self; 2] = [Self::Fixed, Self::Random];

    /// Returns its name in the database and in the APIs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "FIXED",
            Self::Random => "RANDOM",
        }
    }
}

/// Terms of a campaign that is to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordTerms {
    pub word: String,
    /// Sum of all shares.
    pub amount: Decimal,
    /// Coin ID, as assigned by the host application.
    pub coin_id: String,
    pub share_count: i32,
    pub split: Split,
    /// Time from the award to its settlement.
    pub hold: TimeDelta,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    /// Earliest time of the public randomness that determines the shares; `None` for a draw without public randomness.
    pub beacon_at: Option<DateTime<Utc>>,
    pub reason: String,
}

rejections! {
    /// Reason why a word campaign was not created.
    #[derive(Copy)]
    pub enum WordCampaignRejection {
        /// The word is empty, too long, or contains invisible characters.
        WordInvalid => "WORD_INVALID",
            "A word is 1-12 visible characters without control characters.",
            "口令为 1 到 12 个可见字符，不能含控制字符。";
        /// Another campaign with this word overlaps the window.
        WordTaken => "WORD_TAKEN",
            "A campaign with this word already exists in that period. End it first, or choose another word or time.",
            "这个口令在该时间段内已有活动，请先结束它，或者换一个口令或时间。";
        /// The amount is not positive, has more than four decimal places, or is too large.
        AmountInvalid => "AMOUNT_INVALID",
            "The amount of a campaign must be greater than 0 and less than 1000000000000, with at most four decimal places.",
            "活动总额必须大于零，最多四位小数，并且小于 1000000000000。";
        /// The number of shares is less than 1 or too large.
        CountInvalid => "SHARE_COUNT_INVALID",
            "A campaign must have 1 to 100000 shares.",
            "活动的份数为 1 到 100000。";
        /// Some shares would be less than 0.0001.
        SharesTooSmall => "SHARES_TOO_SMALL",
            "Some shares would be less than 0.0001. Raise the amount or lower the number of shares.",
            "每份将小于 0.0001，请提高总额或减少份数。";
        /// The campaign would already be over.
        ClosesInThePast => "CLOSES_IN_THE_PAST",
            "closesAt is in the past, so the campaign would already be over.",
            "closesAt 在过去，活动还没有开始就已经结束。";
        /// The public randomness would be available too early, or only after the opening.
        BeaconTimeInvalid => "BEACON_TIME_INVALID",
            "The time of the public randomness must be at least one minute after the campaign is created and no later than its opening.",
            "公开随机数须在创建活动至少一分钟之后产生，并且不晚于活动开始时间。";
        /// The service has no key for word draws.
        DrawKeyMissing => "DRAW_KEY_MISSING",
            "Word draws require a secret key. Set NEWBEE_DRAW_KEY (generate one with openssl rand -hex 32).",
            "口令抽取需要密钥，请设置 NEWBEE_DRAW_KEY（可用 openssl rand -hex 32 生成）。";
    }
    with { Change(ChangeRejection) }
}

/// A word campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct WordCampaign {
    pub id: i64,
    pub word: String,
    pub amount: Decimal,
    pub coin_id: String,
    pub share_count: i32,
    pub split: Split,
    pub hold: TimeDelta,
    pub used_count: i32,
    pub used_amount: Decimal,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    /// Time at which it was ended manually, or found to be over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Hash of the draw's commitment.
    pub draw_hash: [u8; 32],
    /// The draw's commitment; `None` for campaigns of the first scheme, which have all ended.
    pub commitment: Option<Commitment>,
    /// Signature of the round named by the commitment, once it has been entered.
    pub beacon_signature: Option<SignatureBytes>,
    pub created_by: String,
    pub reason: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

rejections! {
    /// Reason why a word paid nothing.
    #[derive(Copy, Serialize, Deserialize)]
    pub enum WordRejection {
        /// The word is unknown, not open yet, or has no shares left.
        Unavailable => "WORD_UNAVAILABLE" legacy (203, "口令彩蛋不存在或者已领完"),
            "This word does not exist, is not open yet, or is fully claimed. Check the spelling and the opening time.",
            "口令不存在、尚未开放或者已经领完，请检查口令和开放时间。";
        /// The word's campaign is over.
        Expired => "WORD_EXPIRED" legacy (204, "口令已经过期"),
            "This word has expired. Look out for the next one.",
            "口令已经过期，请留意下一个口令。";
        /// The user has already claimed a share of this word.
        AlreadyClaimed => "WORD_ALREADY_CLAIMED" legacy (205, "你已经领取过此口令彩蛋"),
            "You have already claimed your share of this word.",
            "你已经领取过这个口令的奖励。";
    }
    with { Tries(TriesRejection) }
}

impl WordCampaign {
    /// Returns true if it no longer pays, by its window or because it was ended manually.
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        self.ended_at.is_some() || self.closes_at <= at
    }

    pub fn is_exhausted(&self) -> bool {
        self.used_count >= self.share_count
    }

    /// Returns true if shares can be claimed with respect to time and draw: the window has begun, and any public
    /// randomness that the draw needs has been entered.
    pub fn has_opened(&self, at: DateTime<Utc>) -> bool {
        self.opens_at <= at && !self.awaits_beacon()
    }

    /// Returns true if the draw needs public randomness that has not been entered.
    pub fn awaits_beacon(&self) -> bool {
        self.awaited_beacon_at().is_some()
    }

    /// Returns the time from which the awaited public randomness is available; `None` if none is awaited.
    pub fn awaited_beacon_at(&self) -> Option<DateTime<Utc>> {
        let round = self.commitment.as_ref()?.beacon_round?;
        self.beacon_signature.is_none().then(|| beacon::round_time(round))
    }

    /// Returns true if the draw can be published, because its knowledge gives no advantage any more.
    pub fn is_revealed(&self, at: DateTime<Utc>) -> bool {
        self.is_over(at) || self.is_exhausted()
    }
}

impl WordTerms {
    /// Returns all problems of the terms; empty if they are valid.
    pub fn problems(&self, at: DateTime<Utc>) -> Vec<WordCampaignRejection> {
        use WordCampaignRejection as Problem;
        let coin_length = self.coin_id.chars().count();
        let amount_is_fine = is_amount(self.amount) && self.amount < Decimal::from(WORD_AMOUNT_BOUND);
        let count_is_fine = (1..=MAX_SHARES).contains(&self.share_count);
        let checks = [
            (
                Problem::WordInvalid,
                normalise_word(&self.word).is_some() && display_form(&self.word).chars().count() <= MAX_SHOWN_LENGTH,
            ),
            (Problem::AmountInvalid, amount_is_fine),
            (
                ChangeRejection::CoinInvalid.into(),
                (1..=MAX_COIN_ID_LENGTH).contains(&coin_length)
                    && !self.coin_id.contains(char::is_control)
                    && !is_blank(&self.coin_id),
            ),
            (Problem::CountInvalid, count_is_fine),
            (
                Problem::SharesTooSmall,
                !amount_is_fine || !count_is_fine || self.amount >= Decimal::new(self.share_count.into(), 4),
            ),
            (
                ChangeRejection::HoldInvalid.into(),
                (TimeDelta::zero()..=MAX_HOLD).contains(&self.hold),
            ),
            (
                ChangeRejection::WindowEndsBeforeItStarts.into(),
                self.opens_at < self.closes_at,
            ),
            (Problem::ClosesInThePast, self.closes_at > at),
            (
                Problem::BeaconTimeInvalid,
                self.beacon_at.is_none() || self.beacon_round(at).is_some(),
            ),
            (ChangeRejection::ReasonInvalid.into(), is_valid_reason(&self.reason)),
        ];
        checks
            .into_iter()
            .filter(|(_, is_fine)| !is_fine)
            .map(|(problem, _)| problem)
            .collect()
    }
}

impl WordTerms {
    /// Returns the round of the public randomness: the first one at or after the requested time. `None` without one, or
    /// if it is less than [`MIN_BEACON_LEAD`] after `at`, or after the opening.
    pub fn beacon_round(&self, at: DateTime<Utc>) -> Option<i64> {
        let round = beacon::first_round_at(self.beacon_at?)?;
        let time = beacon::round_time(round);
        (at + MIN_BEACON_LEAD <= time && time <= self.opens_at).then_some(round)
    }
}

/// Returns the form in which words are compared, see [`match_form`]. `None` if a text cannot be a word: nothing of it
/// is visible, it has more than 12 characters in that form, or it contains a control character.
pub fn normalise_word(word: &str) -> Option<String> {
    let normalised = match_form(word);
    let length = normalised.chars().count();
    ((1..=MAX_WORD_LENGTH).contains(&length) && !normalised.contains(char::is_control)).then_some(normalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_spellings_of_a_word_are_equal() {
        for (word, normalised) in [
            ("  Moon ", "moon"),
            ("ＭＯＯＮ", "moon"),
            ("\u{3000}口令\u{3000}", "口令"),
            ("STRASSE", "strasse"),
            ("straße", "strasse"),
            ("e\u{301}", "é"),
            ("①", "1"),
            ("ﬁn", "fin"),
            ("moon\u{200b}", "moon"),
            ("❤️", "❤"),
            ("👨\u{200d}👩\u{200d}👧\u{200d}👦", "👨\u{200d}👩\u{200d}👧\u{200d}👦"),
            // Eight Korean syllables, decomposed into 20 characters.
            (
                "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{1109}\u{1161}\u{1105}\u{1161}\u{11b7}\u{1112}\u{1161}\u{11ab}\u{1102}\u{1161}\u{1102}\u{1161}\u{1103}\u{1161}",
                "한국사람한나나다",
            ),
        ] {
            assert_eq!(normalise_word(word).as_deref(), Some(normalised), "{word}");
        }
    }

    #[test]
    fn malformed_words_are_rejected() {
        for word in [
            "",
            "   ",
            "a\0b",
            "\u{3164}",
            "\u{200b}\u{200d}\u{2800}",
            "thirteen char",
            "ßßßßßßß",
            &"x".repeat(10_000),
            &"ﷺ".repeat(3),
        ] {
            assert_eq!(normalise_word(word), None, "{word:.30}");
        }
        assert!(normalise_word("twelve chars").is_some());
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let at = DateTime::UNIX_EPOCH;
        let good = WordTerms {
            word: "moon".into(),
            amount: Decimal::ONE_HUNDRED,
            coin_id: "1".into(),
            share_count: 50,
            split: Split::Random,
            hold: TimeDelta::zero(),
            opens_at: at,
            closes_at: at + TimeDelta::days(1),
            beacon_at: None,
            reason: "a test".into(),
        };
        assert_eq!(good.problems(at), []);
        let small = WordTerms {
            amount: Decimal::new(49, 4),
            ..good.clone()
        };
        assert_eq!(small.problems(at), [WordCampaignRejection::SharesTooSmall]);
        let bad = WordTerms {
            word: "x".repeat(13),
            amount: Decimal::ZERO,
            coin_id: String::new(),
            share_count: 0,
            hold: TimeDelta::days(-1),
            opens_at: at,
            closes_at: at - TimeDelta::days(1),
            beacon_at: Some(at),
            reason: String::new(),
            ..good
        };
        use WordCampaignRejection as Problem;
        assert_eq!(
            bad.problems(at),
            [
                Problem::WordInvalid,
                Problem::AmountInvalid,
                ChangeRejection::CoinInvalid.into(),
                Problem::CountInvalid,
                ChangeRejection::HoldInvalid.into(),
                ChangeRejection::WindowEndsBeforeItStarts.into(),
                Problem::ClosesInThePast,
                Problem::BeaconTimeInvalid,
                ChangeRejection::ReasonInvalid.into(),
            ]
        );
    }

    #[test]
    fn the_public_randomness_comes_after_creation_and_before_the_opening() {
        let made = beacon::round_time(1_000);
        let terms = |beacon_at, opens_at| WordTerms {
            word: "moon".into(),
            amount: Decimal::ONE_HUNDRED,
            coin_id: "1".into(),
            share_count: 50,
            split: Split::Random,
            hold: TimeDelta::zero(),
            opens_at,
            closes_at: made + TimeDelta::days(1),
            beacon_at: Some(beacon_at),
            reason: "a test".into(),
        };
        let (minute, hour) = (made + TimeDelta::minutes(1), made + TimeDelta::hours(1));
        assert_eq!(terms(minute, hour).beacon_round(made), Some(1_020));
        assert_eq!(terms(minute, minute).beacon_round(made), Some(1_020));
        for (beacon_at, opens_at) in [
            (made, hour),
            (minute - TimeDelta::seconds(3), hour),
            (minute + TimeDelta::seconds(1), minute + TimeDelta::seconds(2)),
            (hour + TimeDelta::seconds(3), hour),
            (DateTime::UNIX_EPOCH, hour),
            (DateTime::<Utc>::MAX_UTC, hour),
        ] {
            let terms = terms(beacon_at, opens_at);
            assert_eq!(
                terms.problems(made),
                [WordCampaignRejection::BeaconTimeInvalid],
                "{beacon_at}"
            );
        }
    }
}
