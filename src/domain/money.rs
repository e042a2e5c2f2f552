//! Amounts of money: exact decimals, four places on the wire, never a float.

use rust_decimal::Decimal;

/// Decimal places of every amount.
pub const MAX_PLACES: u32 = 4;
/// Every amount is below this: what the database's `numeric(20,4)` holds.
pub const AMOUNT_BOUND: i64 = 10_000_000_000_000_000;

/// Whether a number can be an amount that is paid: above zero, four places at most, and not too large to be kept.
pub fn is_amount(number: Decimal) -> bool {
    number > Decimal::ZERO && number < Decimal::from(AMOUNT_BOUND) && number.normalize().scale() <= MAX_PLACES
}

/// An amount as it goes over every wire: always four places (`10.0000`).
pub fn wire_amount(amount: Decimal) -> String {
    format!("{amount:.4}")
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
