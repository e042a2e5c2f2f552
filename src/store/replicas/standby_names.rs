//! The primary's setting `synchronous_standby_names`.

/// Returns false for `ANY n (…)` with fewer than all of its standbys: a commit then waits for some of them, and any
/// other one may lack it. In the other forms, the state of each standby says whether commits wait for it.
pub fn waits_for_all(setting: &str) -> bool {
    let Some(rest) = strip_any(setting.trim()) else {
        return true;
    };
    let Some((number, list)) = rest.split_once('(') else {
        return false;
    };
    let names = names(list.trim_end().trim_end_matches(')'));
    let is_open_ended = names.iter().any(|name| name == "*");
    let number = number.trim().parse::<usize>().unwrap_or(0);
    !is_open_ended && number >= names.len()
}

fn strip_any(setting: &str) -> Option<&str> {
    let (word, rest) = setting.split_at_checked(3)?;
    let is_any = word.eq_ignore_ascii_case("any") && rest.starts_with(|next: char| next.is_whitespace());
    is_any.then_some(rest)
}

/// Splits a list at its commas, except those in quoted names.
fn names(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut is_quoted = false;
    for character in list.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => names.push(String::new()),
            _ => names.last_mut().expect("there is always one").push(character),
        }
    }
    names.iter().map(|name| name.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::waits_for_all;

    #[test]
    fn a_quorum_of_fewer_than_all_standbys_is_recognised() {
        for setting in [
            "",
            "*",
            "a",
            "a, b",
            "FIRST 1 (a, b)",
            "2 (a, b)",
            "any",
            "anything",
            "ANY 2 (a, b)",
            "any 1 (a)",
            "ANY 2 (\"a,b\", c)",
        ] {
            assert!(waits_for_all(setting), "{setting}");
        }
        for setting in [
            "ANY 1 (a, b)",
            "any 1 (a,b)",
            "ANY 2 (a, b, c)",
            "ANY 1 (*)",
            "ANY 2 (\"a,b\", c, d)",
        ] {
            assert!(!waits_for_all(setting), "{setting}");
        }
    }
}
