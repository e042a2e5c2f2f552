//! Amounts of money: exact decimals, four places on the wire, never a float.

use rust_decimal::Decimal;

/// An amount as it goes over every wire: always four places (`10.0000`).
pub fn wire_amount(amount: Decimal) -> String {
    format!("{amount:.4}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
