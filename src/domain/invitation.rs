//! Invitation codes: generation, comparison, and the reasons to reject a binding.

use super::rejection::rejections;
use super::tries::TriesRejection;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::UserId;
use super::text::match_form;

/// Maximum length of a code, in characters.
pub const MAX_CODE_LENGTH: usize = 12;
/// Crockford's base 32: no I, L, O or U, to avoid mistakes in codes that are read aloud.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// One user's invitation: their own code, and the user whose code they bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub user_id: UserId,
    pub code: String,
    /// User level: 0 until a parent is bound, then 1, unless the host application set it.
    pub class: i16,
    pub parent: Option<Parent>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The user whose code was bound, and the time of the binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    pub user_id: UserId,
    /// The code in its owner's spelling, not as it was typed.
    pub code: String,
    pub bound_at: DateTime<Utc>,
}

rejections! {
    /// Reason why a code could not be bound.
    #[derive(Copy, Serialize, Deserialize)]
    pub enum InvitationRejection {
        /// No user has this invitation code.
        CodeUnknown => "INVITATION_CODE_UNKNOWN" legacy (102, "邀请码错误"),
            "Invitation code not found. Check the spelling.",
            "没有这个邀请码，请检查后重新输入。";
        /// The user has already bound another code, which is permanent.
        AlreadySet => "INVITATION_ALREADY_SET" legacy (103, "重复设置邀请码"),
            "You have already bound another invitation code. It cannot be changed.",
            "你已经绑定过其他邀请码，不能更改。";
        /// The code is the user's own.
        CodeOwn => "INVITATION_CODE_OWN" legacy (110, "不能填写自己的邀请码"),
            "This is your own invitation code. Enter the code of the friend who invited you.",
            "这是你自己的邀请码，请输入邀请你的朋友的邀请码。";
        /// The code belongs to a user whom this user invited, directly or through others.
        CodeDescendant => "INVITATION_CODE_DESCENDANT" legacy (111, "不能填写自己下级的邀请码"),
            "This code belongs to a user you invited. Enter the code of the friend who invited you.",
            "这是你邀请的用户的邀请码，请输入邀请你的朋友的邀请码。";
    }
    with { Tries(TriesRejection) }
}

/// Returns a new code from random bits: 8 characters of Crockford's base 32 (40 bits).
pub fn code_from_random(random: [u8; 5]) -> String {
    let bits = random.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..8)
        .rev()
        .map(|place| CROCKFORD[(bits >> (place * 5) & 31) as usize] as char)
        .collect()
}

/// Returns the form in which codes are unique and looked up: the [`match_form`] in upper case, with O as 0, and I and L
/// as 1. `None` if a text cannot be a code: nothing of it is visible, it has more than 12 characters in that form, or
/// it contains a control character.
pub fn normalise_code(code: &str) -> Option<String> {
    let normalised: String = match_form(code)
        .chars()
        .flat_map(char::to_uppercase)
        .map(|letter| match letter {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let length = normalised.chars().count();
    ((1..=MAX_CODE_LENGTH).contains(&length) && !normalised.contains(char::is_control)).then_some(normalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_eight_unambiguous_characters() {
        assert_eq!(code_from_random([0; 5]), "00000000");
        assert_eq!(code_from_random([255; 5]), "ZZZZZZZZ");
        assert_eq!(code_from_random([0, 0, 0, 0, 1]), "00000001");
        assert_eq!(
            normalise_code(&code_from_random([1, 2, 3, 4, 5])),
            Some(code_from_random([1, 2, 3, 4, 5]))
        );
    }

    #[test]
    fn equivalent_spellings_of_a_code_are_equal() {
        for spelling in [
            "a0b1c1d2",
            " AoBiCLd2 ",
            "AOBLCID2",
            "ａ０ｂ１ｃ１ｄ２",
            "\u{200e}A0B1C1D2\u{200e}",
            "A0B1\u{ad}C1D2\u{feff}",
        ] {
            assert_eq!(normalise_code(spelling).as_deref(), Some("A0B1C1D2"), "{spelling}");
        }
    }

    #[test]
    fn malformed_codes_are_rejected() {
        for text in [
            "",
            "   ",
            "1234567890123",
            &"x".repeat(10_000),
            "a\0b",
            "ßßßßßßß",
            "\u{3164}",
            "\u{200b}\u{200e}",
        ] {
            assert_eq!(normalise_code(text), None);
        }
        assert!(normalise_code("123456789012").is_some());
    }
}
