//! Errors and their causes as text, without duplicates: the text of many errors already includes their cause.

/// Returns an error and its causes, outermost first. A cause whose text is part of an earlier one is omitted.
pub fn distinct_causes(error: &anyhow::Error) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !said.iter().any(|earlier| earlier.contains(text.trim())) {
            said.push(text);
        }
    }
    said
}

/// Returns an error and its distinct causes on one line, separated by colons.
pub fn one_line(error: &anyhow::Error) -> String {
    distinct_causes(error).join(": ")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_cause_included_in_an_earlier_text_is_omitted() {
        let error = anyhow!("numeric field overflow")
            .context("error returned from database: numeric field overflow")
            .context("The batch failed");
        assert_eq!(
            distinct_causes(&error),
            [
                "The batch failed",
                "error returned from database: numeric field overflow"
            ]
        );
        assert_eq!(
            one_line(&error),
            "The batch failed: error returned from database: numeric field overflow"
        );
        assert_eq!(distinct_causes(&anyhow!("alone")), ["alone"]);
    }
}
