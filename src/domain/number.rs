//! Whole numbers in plain digits.

use std::str::FromStr;

/// Parses a whole number that consists of digits only; `None` for any other text. The standard parser also accepts a
/// sign.
pub fn plain_number<N: FromStr>(digits: &str) -> Option<N> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_consists_of_digits_only() {
        assert_eq!(plain_number("0"), Some(0_u8));
        assert_eq!(plain_number("0042"), Some(42_i64));
        for wrong in [
            "", "+3", "-3", " 3", "3 ", "3.0", "1e3", "1_000", "1,000", "３", "٣", "256",
        ] {
            assert_eq!(plain_number::<u8>(wrong), None, "{wrong}");
        }
    }
}
