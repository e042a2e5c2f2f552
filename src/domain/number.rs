//! Whole numbers as people write them.

use std::str::FromStr;

/// Reads a whole number that is written in digits alone; `None` for anything else. Rust's own parser also takes a sign.
pub fn plain_number<N: FromStr>(digits: &str) -> Option<N> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_digits_alone() {
        assert_eq!(plain_number("0"), Some(0_u8));
        assert_eq!(plain_number("0042"), Some(42_i64));
        for wrong in [
            "", "+3", "-3", " 3", "3 ", "3.0", "1e3", "1_000", "1,000", "３", "٣", "256",
        ] {
            assert_eq!(plain_number::<u8>(wrong), None, "{wrong}");
        }
    }
}
