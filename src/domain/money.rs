//! Amounts of money: exact decimals, four places on the wire, never a float.

use std::fmt;

use rust_decimal::Decimal;

/// Decimal places of every amount, at most.
pub const MAX_PLACES: u32 = 4;
/// Upper bound (exclusive) of amounts: the capacity of the database's `numeric(20,4)`.
pub const AMOUNT_BOUND: i64 = 10_000_000_000_000_000;

/// Returns true if a number is a payable amount: above zero, at most four decimal places, and within `numeric(20,4)`.
pub fn is_amount(number: Decimal) -> bool {
    number > Decimal::ZERO && number < Decimal::from(AMOUNT_BOUND) && number.normalize().scale() <= MAX_PLACES
}

/// Maximum number of digits before the decimal point, including leading zeros.
const MAX_DIGITS: usize = 20;

/// The text is not a plain decimal. `Display` describes the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADecimal;

impl fmt::Display for NotADecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a plain decimal: write digits 0-9, at most {MAX_DIGITS}, and if needed a point with 1 to {MAX_PLACES} more digits, such as 12.5"
        )
    }
}

impl std::error::Error for NotADecimal {}

/// Parses a plain decimal: an optional minus sign, 1 to 20 digits 0-9, and optionally a point with 1 to 4 more digits.
/// Plus signs, exponents, separators and white space are rejected.
///
/// # Errors
/// [`NotADecimal`] for any other text.
pub fn parse_decimal(text: &str) -> Result<Decimal, NotADecimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let is_digits = |digits: &str, most: usize| {
        (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_digits(whole, MAX_DIGITS) || !fraction.is_none_or(|digits| is_digits(digits, MAX_PLACES as usize)) {
        return Err(NotADecimal);
    }
    text.parse().map_err(|_| NotADecimal)
}

/// Formats an amount for the APIs: always four decimal places (`10.0000`).
pub fn wire_amount(amount: Decimal) -> String {
    WireAmount(amount).to_string()
}

/// An amount that displays itself in the format of the APIs.
pub struct WireAmount(pub Decimal);

impl fmt::Display for WireAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_above_zero_and_fits_the_database() {
        for (text, is) in [
            ("0.0001", true),
            ("9999999999999999.9999", true),
            ("10.00000", true),
            ("0", false),
            ("-1", false),
            ("0.00001", false),
            ("10000000000000000", false),
        ] {
            assert_eq!(is_amount(text.parse().unwrap()), is, "{text}");
        }
    }

    #[test]
    fn plain_decimals_are_read_and_nothing_else() {
        for (text, number) in [
            ("0", "0"),
            ("5", "5"),
            ("-5", "-5"),
            ("12.5", "12.5"),
            ("0.0001", "0.0001"),
            ("10.0000", "10"),
            ("007", "7"),
            ("9999999999999999.9999", "9999999999999999.9999"),
            ("99999999999999999999", "99999999999999999999"),
        ] {
            assert_eq!(parse_decimal(text), Ok(number.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "+5",
            ".5",
            "5.",
            "-.5",
            "1_000",
            "1,000",
            "1e3",
            "1E3",
            " 5",
            "5 ",
            "5\n",
            "--5",
            "1.2.3",
            "0x10",
            "５",
            "٥",
            "0.00001",
            "10.00000",
            "NaN",
            "inf",
            "100000000000000000000",
            "5\u{200b}",
            "\u{2212}5",
            "1/2",
            "1'000",
        ] {
            assert_eq!(parse_decimal(text), Err(NotADecimal), "{text:?}");
        }
        assert_eq!(parse_decimal(&"9".repeat(100_000)), Err(NotADecimal));
    }

    #[test]
    fn amounts_have_four_places() {
        assert_eq!(wire_amount(Decimal::from(10)), "10.0000");
        assert_eq!(wire_amount(Decimal::new(-5, 1)), "-0.5000");
        assert_eq!(
            wire_amount(Decimal::new(99_999_999_999_999_999_999_i128 as i64, 0))
                .split('.')
                .nth(1),
            Some("0000")
        );
    }
}
