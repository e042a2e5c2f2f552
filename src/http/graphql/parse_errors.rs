//! Readable parser errors. The parser library renders the location as a drawing over several lines of its message,
//! although `locations` contains it. It also applies some rules that the specification assigns to validation.

use async_graphql::{ServerError, parser};

use super::errors::{code, with_code};

/// Returns the error of an invalid GraphQL document: a one-line message and a code, with the position in `locations`.
pub fn tidy(error: parser::Error) -> ServerError {
    let broken_rule = broken_rule(&error);
    let code = match broken_rule {
        Some(_) => code::VALIDATION_FAILED,
        None => code::PARSE_FAILED,
    };
    let mut tidied = ServerError::from(error);
    tidied.message = broken_rule.unwrap_or_else(|| format!("Syntax error: {}", sentence(&tidied.message)));
    with_code(tidied, code)
}

/// Returns the broken rule if the document is syntactically valid; `None` for syntax errors.
fn broken_rule(error: &parser::Error) -> Option<String> {
    match error {
        parser::Error::OperationDuplicated { operation, .. } => {
            Some(format!("There can be only one operation named \"{operation}\"."))
        }
        parser::Error::FragmentDuplicated { fragment, .. } => {
            Some(format!("There can be only one fragment named \"{fragment}\"."))
        }
        parser::Error::MultipleOperations { .. } => {
            Some("An operation without a name must be the only operation of the document.".to_owned())
        }
        parser::Error::MissingOperation => Some("The document has no operation.".to_owned()),
        _ => None,
    }
}

/// Extracts the last line of the drawing, `  = expected selection_set`, which is its only text.
fn sentence(message: &str) -> String {
    let expected = message
        .lines()
        .rev()
        .find_map(|line| line.trim_start().strip_prefix("= "))
        .unwrap_or(message);
    expected.replace("EOI", "the end of the document").replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::graphql::errors;

    fn error_of(query: &str) -> ServerError {
        tidy(parser::parse_query(query).expect_err("does not parse"))
    }

    #[test]
    fn the_drawing_is_removed_and_the_location_is_kept() {
        let error = error_of("{ a(");
        assert!(
            error.message.starts_with("Syntax error: expected "),
            "{}",
            error.message
        );
        assert!(
            !error.message.contains('\n') && !error.message.contains("-->"),
            "{}",
            error.message
        );
        assert_eq!((error.locations[0].line, error.locations[0].column), (1, 5));
    }

    #[test]
    fn validation_rules_are_not_reported_as_syntax_errors() {
        for (query, message, locations) in [
            (
                "{ a } { b }",
                "An operation without a name must be the only operation of the document.",
                2,
            ),
            (
                "query A { a } query A { b }",
                "There can be only one operation named \"A\".",
                2,
            ),
            (
                "{ ...F } fragment F on Q { a } fragment F on Q { b }",
                "There can be only one fragment named \"F\".",
                2,
            ),
            ("fragment F on Q { a }", "The document has no operation.", 0),
        ] {
            let error = error_of(query);
            assert_eq!((error.message.as_str(), error.locations.len()), (message, locations));
            assert_eq!(errors::code_of(&error), Some(code::VALIDATION_FAILED));
        }
    }
}
