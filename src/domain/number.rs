//! Numbers as text: plain digits to read, and grouped digits for people.

use std::str::FromStr;

/// Parses a whole number that consists of digits only; `None` for any other text. The standard parser also accepts a
/// sign.
pub fn plain_number<N: FromStr>(digits: &str) -> Option<N> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

/// Formats a count with its noun and a comma between thousands: `1 day`, `12,000 awards`. The plural is the singular
/// with an `s` appended.
pub fn counted(count: i64, singular: &str) -> String {
    match count {
        1 => format!("1 {singular}"),
        _ => format!("{} {singular}s", grouped(count)),
    }
}

/// Formats an integer with commas between thousands.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// Formats a decimal number with commas between the thousands of its integer part.
pub fn grouped_amount(amount: &str) -> String {
    let (whole, places) = amount.split_once('.').unwrap_or((amount, ""));
    match whole.parse::<i64>() {
        Ok(number) if places.is_empty() => grouped(number),
        Ok(0) if whole.starts_with('-') => format!("-0.{places}"),
        Ok(number) => format!("{}.{places}", grouped(number)),
        Err(_) => amount.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(counted(1, "session key"), "1 session key");
        assert_eq!(counted(0, "award"), "0 awards");
        assert_eq!(counted(12_000, "award"), "12,000 awards");
        assert_eq!(grouped(-1_234_567), "-1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped_amount("-0.5000"), "-0.5000");
        assert_eq!(grouped_amount("12000.5000"), "12,000.5000");
    }

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
